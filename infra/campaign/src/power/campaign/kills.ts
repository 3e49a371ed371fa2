import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { casesOf } from '../cut/cases.ts';
import type { Cut } from '../cut/cut.ts';
import { random } from '../cut/random.ts';
import type { Authorities } from '../ground/authorities.ts';
import { bootCut } from '../real/boot-cut.ts';
import { recordUpdate } from '../record/record.ts';
import { disksAfter, statusesBefore, type Recording } from '../record/recording.ts';
import type { CaseResult } from '../results.ts';

const BOOT_TIMEOUT_MS = 1_200_000;

/**
 * Kills QEMU in the middle of an update that runs, after a number of writes that chance gives, and boots what its disks
 * hold then: all that was written, or without some of what was not flushed.
 */
export const killAndBoot = async (
  recording: Recording,
  authorities: Authorities,
  root: string,
  seed: number,
): Promise<CaseResult> => {
  const { arch, scenario, base, log } = recording;
  const began = performance.now();
  const id = `${arch}-${scenario.name}-k${seed}`;
  const folder = join(root, 'cases', id);
  await mkdir(folder, { recursive: true });
  const chance = random(seed);
  const first = casesOf({ arch, scenario: scenario.name }, log, seed)[0]?.cut.boundary ?? 0;
  const killAt = first + Math.floor(chance() * (log.length - first));
  const plug = new AbortController();
  const cutLog = await recordUpdate({
    folder,
    arch,
    authorities,
    scenario,
    base,
    signal: plug.signal,
    onEntry: (entries) => {
      if (entries >= killAt) plug.abort();
    },
  });
  const boundary = cutLog.length;
  const cut: Cut = chance() < 0.5 ? { kind: 'prefix', boundary } : { kind: 'lost', boundary, seed };
  const live: Recording = { arch, scenario, base, log: cutLog };
  const judged = await bootCut({
    folder,
    arch,
    authorities,
    scenario,
    ...disksAfter(live, cut),
    before: statusesBefore(live, boundary),
    timeoutMs: BOOT_TIMEOUT_MS,
  });
  if (judged.result === 'good') await rm(folder, { recursive: true, force: true });
  return {
    id,
    by: 'kill',
    ...(judged.verdict === undefined ? {} : { verdict: judged.verdict }),
    result: judged.result,
    faults: [...judged.faults],
    seconds: Math.round((performance.now() - began) / 100) / 10,
  };
};
