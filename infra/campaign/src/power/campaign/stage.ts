import { execFile } from 'node:child_process';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { WholeChainArch } from '@slipway/protocol';
import { slice } from '../../block/overlay-disk.ts';
import { readFat } from '../../firmware/fat.ts';
import { partitionsOf, placeOf } from '../../firmware/gpt.ts';
import type { Case } from '../cut/cases.ts';
import type { Authorities } from '../ground/authorities.ts';
import { agentFolder, makeReleases, type Releases } from '../ground/releases.ts';
import type { Judgement } from '../judge/judgement.ts';
import { sizeOf } from '../judge/medium.ts';
import { readEtc } from '../model/image-etc.ts';
import { firmwareOf, type Firmware } from '../model/loader.ts';
import type { KnownRelease } from '../model/device.ts';
import { runModel } from '../model/run-model.ts';
import { StateReader } from '../model/visible-state.ts';
import { bootCut } from '../real/boot-cut.ts';
import { disksAfter, makeRecordings, statusesBefore, type Recording } from '../record/recording.ts';
import type { ScenarioName } from '../record/scenario.ts';

/** Everything about one architecture that its cases need: releases, recordings, and how to judge a case. */
export type Stage = {
  readonly arch: WholeChainArch;
  readonly releases: Releases;
  readonly recordings: ReadonlyMap<ScenarioName, Recording>;
  /** @throws {Untold} */
  readonly keyOf: (item: Case) => Promise<string>;
  /** @throws {Untold} */
  readonly model: (item: Case, folder: string) => Promise<Judgement & { readonly console: string }>;
  readonly boot: (item: Case, folder: string) => Promise<Judgement>;
};

export type StageOptions = {
  readonly folder: string;
  readonly cacheDir: string;
  readonly authorities: Authorities;
  readonly scenarios: readonly ScenarioName[];
  readonly print: (line: string) => void;
};

const BOOT_TIMEOUT_MS = 1_200_000;

/** The old root as a slot has it, for the models of a scenario to share. */
const sharedRoot = async (folder: string, { scenario, base }: Recording): Promise<string> => {
  const file = join(folder, `${scenario.name}-old-root.img`);
  const isThere = await access(file).then(
    () => true,
    () => false,
  );
  if (isThere) return file;
  const { size } = placeOf(partitionsOf(base.disk), `root-${scenario.oldSlot}`);
  const run = promisify(execFile);
  await run('cp', ['--sparse=always', scenario.oldRelease.rootFile, `${file}.new`]);
  await run('truncate', [`--size=${size}`, `${file}.new`]);
  await run('mv', [`${file}.new`, file]);
  return file;
};

export const openStage = async (options: StageOptions, arch: WholeChainArch): Promise<Stage> => {
  const { folder, authorities, scenarios, print } = options;
  const releases = await makeReleases({ ...options, log: print }, arch);
  const recordings = await makeRecordings(options, arch, releases, scenarios);
  const known: KnownRelease[] = [];
  for (const release of Object.values(releases)) known.push({ release, etc: await readEtc(release) });
  const rootBytes = Math.max(...known.map(({ release }) => sizeOf(release, 'root.img')));

  type Side = {
    readonly recording: Recording;
    readonly reader: StateReader;
    readonly firmware: Firmware;
    readonly oldRoot: string;
  };
  const side = async (name: ScenarioName, recording: Recording): Promise<Side> => {
    const { base, log } = recording;
    const { offset, size } = placeOf(partitionsOf(base.disk), 'esp');
    return {
      recording,
      reader: new StateReader(log, base, join(folder, arch, `keys-${name}`), rootBytes),
      firmware: firmwareOf(readFat(slice(base.disk, offset, size))),
      oldRoot: await sharedRoot(join(folder, arch), recording),
    };
  };
  const sides = new Map<ScenarioName, Side>();
  for (const [name, recording] of recordings) sides.set(name, await side(name, recording));
  const sideOf = ({ scenario }: Case): Side => {
    const found = sides.get(scenario);
    if (found === undefined) throw new Error(`there is no scenario ${scenario}`);
    return found;
  };
  const beforeOf = (item: Case) => statusesBefore(sideOf(item).recording, item.cut.boundary);

  return {
    arch,
    releases,
    recordings,
    keyOf: async (item) => sideOf(item).reader.keyOf(item.cut),
    model: async (item, caseFolder) => {
      const { recording, reader, firmware, oldRoot } = sideOf(item);
      const state = await reader.read(item.cut, caseFolder);
      const { scenario } = recording;
      const agentBundle = join(agentFolder(folder), 'node.mjs');
      const before = beforeOf(item);
      return runModel({
        folder: caseFolder,
        agentBundle,
        authorities,
        scenario,
        firmware,
        releases: known,
        oldRoot,
        state,
        before,
      });
    },
    boot: async (item, caseFolder) => {
      const { recording } = sideOf(item);
      return bootCut({
        folder: caseFolder,
        arch,
        authorities,
        scenario: recording.scenario,
        ...disksAfter(recording, item.cut),
        before: beforeOf(item),
        timeoutMs: BOOT_TIMEOUT_MS,
      });
    },
  };
};
