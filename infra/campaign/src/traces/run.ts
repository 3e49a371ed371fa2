import { copyFile, mkdir, rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { messageOf, SlipwayError } from '@slipway/protocol';
import { fixtureFileOf } from '@slipway/fleet-sim/conformance';
import { openAuthorities } from '../power/ground/authorities.ts';
import { bundleAgent, makeReleases } from '../power/ground/releases.ts';
import { makeRecordings, wireFileOf } from '../power/record/recording.ts';
import { ScenarioNames } from '../power/record/scenario.ts';

export const TRACES_HELP = `npm run campaign -- traces [options]

Has a device in QEMU take an update, and go back from a bad one, as the power campaign records them, and keeps what goes
over the wire as what simulated devices are held to (infra/fleet-sim/src/conformance/fixture). To be run where the
conduct of the agent has changed on purpose; look at the difference before it is committed.

  --out DIR  images and recordings, emptied before (.slipway/traces)`;

const ARCH = 'amd64';

const parse = (args: readonly string[]) => {
  try {
    return parseArgs({
      args: [...args],
      options: { help: { type: 'boolean', short: 'h' }, out: { type: 'string' } },
    }).values;
  } catch (cause) {
    throw new SlipwayError('USAGE', `${messageOf(cause)}\n\n${TRACES_HELP}`, { cause });
  }
};

/** @throws {SlipwayError} USAGE */
export const runTraces = async (
  root: string,
  args: readonly string[],
  print: (line: string) => void,
): Promise<number> => {
  const options = parse(args);
  if (options.help === true) {
    print(TRACES_HELP);
    return 0;
  }
  const folder = options.out ?? join(root, '.slipway', 'traces');
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await bundleAgent(folder);
  const ground = {
    folder,
    cacheDir: join(root, '.slipway', 'cache'),
    authorities: await openAuthorities(folder),
    print,
    log: print,
  };
  await makeRecordings(ground, ARCH, await makeReleases(ground, ARCH), ScenarioNames);
  for (const name of ScenarioNames) {
    await copyFile(wireFileOf(folder, ARCH, name), fixtureFileOf(name));
    print(`renewed ${relative(root, fixtureFileOf(name))}`);
  }
  return 0;
};
