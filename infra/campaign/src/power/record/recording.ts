import { access, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { recordWire, renderTrace } from '@slipway/fleet-sim/conformance';
import { Status, type WholeChainArch } from '@slipway/protocol';
import { BaseImage } from '../../block/overlay-disk.ts';
import { loadLog, saveLog, type WriteLog } from '../../block/write-log.ts';
import { diskAfter, mediumAfter, type Cut } from '../cut/cut.ts';
import type { Authorities } from '../ground/authorities.ts';
import type { Releases } from '../ground/releases.ts';
import { faultsOfReports } from '../judge/outcome.ts';
import { faultsOfMedium, mediumOf } from '../judge/medium.ts';
import { makeBase } from '../machine/base.ts';
import { recordUpdate, STATUS, type Disks } from './record.ts';
import { scenarioOf, type Scenario, type ScenarioName } from './scenario.ts';

export type Recording = {
  readonly arch: WholeChainArch;
  readonly scenario: Scenario;
  readonly base: Disks;
  readonly log: WriteLog;
};

export type Ground = {
  readonly folder: string;
  readonly authorities: Authorities;
  readonly print: (line: string) => void;
};

const exists = async (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** What is left of a recording's disks after a cut. */
export const disksAfter = ({ base, log }: Recording, cut: Cut) => {
  const medium = mediumAfter(log, cut);
  return {
    disk: diskAfter(base.disk, 'disk', log, medium),
    vars: diskAfter(base.vars, 'vars', log, medium),
  };
};

/** What the server had seen of the update when the power went. */
export const statusesBefore = ({ log }: Pick<Recording, 'log'>, boundary: number): Status[] =>
  log
    .slice(0, boundary)
    .flatMap((entry) => (entry.kind === 'mark' && entry.what === STATUS ? [Status.parse(entry.detail)] : []));

const wholeOf = ({ log }: Pick<Recording, 'log'>): Cut => ({ kind: 'prefix', boundary: log.length });

/** The update without a cut must end as it should, or nothing that follows means anything. */
const assertSound = (recording: Recording): void => {
  const { disk, vars } = disksAfter(recording, wholeOf(recording));
  const { scenario, log } = recording;
  const faults = [
    ...faultsOfReports(scenario, statusesBefore(recording, log.length)),
    ...faultsOfMedium(mediumOf(disk, vars), scenario),
  ];
  if (faults.length > 0)
    throw new Error(
      `the ${scenario.name} that was recorded on ${recording.arch} went wrong: ${faults.join('; ')}`,
    );
};

/** What went over the wire meanwhile. @param folder of the campaign */
export const wireFileOf = (folder: string, arch: WholeChainArch, name: ScenarioName): string =>
  join(folder, arch, `${name}.wire.jsonl`);

/** Records scenarios of an architecture, the rollback from where the commit has ended. Kept. */
export const makeRecordings = async (
  { folder, authorities, print }: Ground,
  arch: WholeChainArch,
  releases: Releases,
  wanted: readonly ScenarioName[],
): Promise<ReadonlyMap<ScenarioName, Recording>> => {
  const own = join(folder, arch);
  await mkdir(own, { recursive: true });
  const image = await makeBase(own, arch, authorities, releases);
  const make = async (name: ScenarioName, base: Disks): Promise<Recording> => {
    const scenario = scenarioOf(name, releases);
    const path = join(own, name);
    if (!(await exists(`${path}.jsonl`))) {
      print(`${arch}: recording a ${name}`);
      const options = { folder: join(own, `recording-${name}`), arch, authorities, scenario, base };
      await mkdir(options.folder, { recursive: true });
      const wire = recordWire();
      const log = await recordUpdate({ ...options, wire });
      assertSound({ arch, scenario, base, log });
      await writeFile(wireFileOf(folder, arch, name), renderTrace(wire.entries));
      await saveLog(path, log);
    }
    return { arch, scenario, base, log: await loadLog(path) };
  };
  const commit = await make('commit', { disk: new BaseImage(image.disk), vars: new BaseImage(image.vars) });
  const recordings = new Map([['commit' as ScenarioName, commit]]);
  if (wanted.includes('rollback'))
    recordings.set('rollback', await make('rollback', disksAfter(commit, wholeOf(commit))));
  return recordings;
};
