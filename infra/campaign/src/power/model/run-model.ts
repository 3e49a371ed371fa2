import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { REBOOT_STATUS } from '@slipway/device-agent';
import type { SlotName, Status } from '@slipway/protocol';
import type { Cloud } from '@slipway/qualifier/cloud';
import { startCloud } from '../cloud/cloud.ts';
import type { Authorities } from '../ground/authorities.ts';
import { faultsOfMedium } from '../judge/medium.ts';
import { faultsOfReports, isSettled } from '../judge/outcome.ts';
import type { Judgement } from '../judge/judgement.ts';
import { verdictOf } from '../judge/verdict.ts';
import type { Scenario } from '../record/scenario.ts';
import { makeModelDevice, type Booted, type KnownRelease, type ModelDevice } from './device.ts';
import { DEFAULT, type Firmware } from './loader.ts';
import type { VisibleState } from './visible-state.ts';

const MAX_BOOTS = 12;
/** of one boot; a trial takes seconds */
const BOOT_MS = 120_000;

export type RunModel = {
  /** of this run alone; removed */
  readonly folder: string;
  readonly agentBundle: string;
  readonly authorities: Authorities;
  readonly scenario: Scenario;
  readonly firmware: Firmware;
  readonly releases: readonly KnownRelease[];
  readonly oldRoot: string;
  readonly state: VisibleState;
  readonly before: readonly Status[];
};

/**
 * One boot of the agent itself, on Node, in the directory of the device.
 *
 * @returns true where it asked for a reboot, false where the update has ended
 */
const runAgent = async (
  options: RunModel,
  root: string,
  isDone: () => boolean,
  cloud: Cloud,
  say: (text: string) => void,
): Promise<boolean> => {
  const child = spawn(process.execPath, [options.agentBundle], {
    env: { PATH: process.env['PATH'], SLIPWAY_AGENT_ROOT: root },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new AbortController();
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (data: Buffer) => {
      say(data.toString());
    });
  const closed = once(child, 'close');
  child.once('exit', (status) => ended.abort(status));
  try {
    await cloud.until('the update to end', isDone, { timeoutMs: BOOT_MS, signal: ended.signal });
    return false;
  } catch (error) {
    if (ended.signal.reason === REBOOT_STATUS) return true;
    throw error;
  } finally {
    child.kill('SIGKILL');
    await closed;
  }
};

const faultsAtTheEnd = async (device: ModelDevice, scenario: Scenario): Promise<string[]> =>
  faultsOfMedium(
    {
      root: device.root,
      esp: await device.esp(),
      loaderDefault: (await device.variables()).get(DEFAULT)?.value,
    },
    scenario,
  );

/** Boots a state in the model, lets the agent bring the update to its end, and judges that. */
export const runModel = async (options: RunModel): Promise<Judgement & { readonly console: string }> => {
  const { folder, authorities, scenario, before } = options;
  const root = join(folder, 'root');
  await mkdir(root, { recursive: true });
  const cloud = await startCloud({
    folder: join(folder, 'cloud'),
    authorities,
    releases: [scenario.newRelease],
  });
  const faults: string[] = [];
  let console = '';
  let booted: Booted | undefined;
  let device: ModelDevice | undefined;
  try {
    await cloud.desire(scenario.wish);
    const shared: { slot: SlotName; file: string } = { slot: scenario.oldSlot, file: options.oldRoot };
    const { state, firmware, releases } = options;
    device = await makeModelDevice(root, state, firmware, releases, shared, cloud);
    const seen = (): readonly Status[] => [...before, ...cloud.statuses];
    let births = 0;
    const isDone = (): boolean =>
      cloud.births.length > births && isSettled(scenario, seen(), cloud.births.at(-1));
    let isEnded = false;
    for (let boots = 0; boots < MAX_BOOTS && !isEnded && !device.isBricked(); boots++) {
      const boot = await device.boot();
      if (boot === undefined) continue;
      booted = boot;
      births = cloud.births.length;
      const { version, rootHash } = boot.release.result;
      console += `slipway: boot id=00000000-0000-0000-0000-000000000000 slot=${boot.slot} version=${version} roothash=${rootHash}\n`;
      isEnded = !(await runAgent(options, root, isDone, cloud, (text) => (console += text)));
    }
    if (!isEnded)
      faults.push(device.isBricked() ? 'the default does not start' : `no end after ${MAX_BOOTS} boots`);
    faults.push(...faultsOfReports(scenario, seen()));
    if (booted !== undefined) faults.push(...(await faultsAtTheEnd(device, scenario)));
  } catch (error) {
    faults.push(String(error));
  } finally {
    device?.close();
    await cloud.stop();
    await rm(folder, { recursive: true, force: true });
  }
  return {
    verdict: verdictOf(console, scenario),
    result: faults.length === 0 ? 'good' : booted === undefined ? 'bricked' : 'wrong',
    faults,
    console,
  };
};
