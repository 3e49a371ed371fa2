import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { WholeChainArch, Status } from '@slipway/protocol';
import type { OverlayDisk } from '../../block/overlay-disk.ts';
import { startCloud } from '../cloud/cloud.ts';
import type { Authorities } from '../ground/authorities.ts';
import { powerOn } from '../machine/machine.ts';
import { faultsOfMedium, mediumOf } from '../judge/medium.ts';
import { faultsOfReports, isSettled } from '../judge/outcome.ts';
import type { Judgement } from '../judge/judgement.ts';
import { bootsOf, verdictOf } from '../judge/verdict.ts';
import { plainExport } from '../record/exports.ts';
import type { Scenario } from '../record/scenario.ts';

export type BootCut = {
  readonly folder: string;
  readonly arch: WholeChainArch;
  readonly authorities: Authorities;
  readonly scenario: Scenario;
  /** what the cut left; written to */
  readonly disk: OverlayDisk;
  readonly vars: OverlayDisk;
  /** what the server saw before the cut */
  readonly before: readonly Status[];
  readonly timeoutMs: number;
};

/** Boots what a cut left, lets the update go on to its end, and judges it from outside. */
export const bootCut = async (options: BootCut): Promise<Judgement> => {
  const { arch, authorities, scenario, disk, vars, before, folder } = options;
  await mkdir(folder, { recursive: true });
  const cloud = await startCloud({
    folder: join(folder, 'cloud'),
    authorities,
    releases: [scenario.newRelease],
  });
  const faults: string[] = [];
  let console = '';
  try {
    await cloud.desire(scenario.wish);
    const machine = await powerOn(
      arch,
      { disk: plainExport(disk), vars: plainExport(vars) },
      cloud,
      join(folder, 'console.log'),
    );
    const ended = new AbortController();
    void machine.vm.exited.then(() => ended.abort(new Error('QEMU ended')));
    const statuses = (): readonly Status[] => [...before, ...cloud.statuses];
    try {
      await cloud.until('the update to end', () => isSettled(scenario, statuses(), cloud.births.at(-1)), {
        timeoutMs: options.timeoutMs,
        signal: ended.signal,
      });
    } catch (error) {
      faults.push(String(error));
    } finally {
      console = machine.vm.console();
      await machine.pullPlug();
    }
    faults.push(...machine.faults, ...faultsOfReports(scenario, statuses()));
  } finally {
    await cloud.stop();
  }
  const boots = bootsOf(console);
  const releases = [scenario.oldRelease, scenario.newRelease];
  for (const boot of boots)
    if (!releases.some(({ result }) => result.rootHash === boot.rootHash))
      faults.push(`slot ${boot.slot} booted root hash ${boot.rootHash}, which is of no release`);
  if (boots.length > 0) faults.push(...faultsOfMedium(mediumOf(disk, vars), scenario));
  const verdict = verdictOf(console, scenario);
  if (faults.length > 0) await writeFile(join(folder, 'console.txt'), console);
  return {
    verdict,
    result: faults.length === 0 ? 'good' : boots.length === 0 ? 'bricked' : 'wrong',
    faults,
  };
};
