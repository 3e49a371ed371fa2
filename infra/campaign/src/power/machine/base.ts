import { execFile } from 'node:child_process';
import { access, mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CLAIM_ESP_PATH, type WholeChainArch } from '@slipway/protocol';
import { espWrite, startVm } from '@slipway/vm';
import { CLAIM_TOKEN, startCloud } from '../cloud/cloud.ts';
import type { Authorities } from '../ground/authorities.ts';
import type { Releases } from '../ground/releases.ts';
import { vmDefaults } from './machine.ts';

export type Base = { readonly disk: string; readonly vars: string };

const ENROL_MS = 900_000;

/** A device with the first release that has enrolled and been online once: what an update starts from. Kept. */
export const makeBase = async (
  folder: string,
  arch: WholeChainArch,
  authorities: Authorities,
  releases: Releases,
): Promise<Base> => {
  await mkdir(folder, { recursive: true });
  const base = { disk: join(folder, 'base.img'), vars: join(folder, 'base-variables.fd') };
  const isMade = await access(base.disk).then(
    () => true,
    () => false,
  );
  if (isMade) return base;
  const fresh = join(folder, 'enrolling.img');
  await rm(base.vars, { force: true });
  // A disk is mostly holes; cp keeps them.
  await promisify(execFile)('cp', ['--sparse=always', releases.first.diskFile, fresh]);
  await espWrite(fresh, CLAIM_ESP_PATH, Buffer.from(`${JSON.stringify({ v: 1, token: CLAIM_TOKEN })}\n`));
  const cloud = await startCloud({ folder: join(folder, 'cloud'), authorities, releases: [] });
  try {
    const vm = await startVm({
      ...vmDefaults(arch, cloud, join(folder, 'enrolling.log')),
      disk: fresh,
      varsFile: base.vars,
      ignoreFlush: true,
    });
    const ended = new AbortController();
    void vm.exited.then(() => ended.abort(new Error('QEMU ended')));
    try {
      // What a birth says is on the disk: the agent saves before it speaks.
      await cloud.until('the device to enrol', () => cloud.births.length > 0, {
        timeoutMs: ENROL_MS,
        signal: ended.signal,
      });
    } finally {
      await vm.kill();
    }
  } finally {
    await cloud.stop();
  }
  await rename(fresh, base.disk);
  return base;
};
