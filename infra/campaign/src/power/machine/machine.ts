import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WholeChainArch } from '@slipway/protocol';
import { relaysTo, type Cloud } from '@slipway/qualifier/cloud';
import { startVm, type Vm } from '@slipway/vm';
import { serveNbd, type Export } from '../../block/nbd-server.ts';

const MEMORY_MB = 512;

export const vmDefaults = (arch: WholeChainArch, cloud: Cloud, consoleLog: string) => ({
  arch,
  memoryMb: MEMORY_MB,
  consoleLog,
  forwards: [],
  relays: relaysTo(cloud),
});

export type Machine = {
  readonly vm: Vm;
  /** what went wrong between QEMU and its disks; a machine that had such a fault proves nothing */
  readonly faults: readonly string[];
  /** as if the plug were pulled; nothing is written any more once it returns */
  readonly pullPlug: () => Promise<void>;
};

/** A virtual device whose disk and EFI variables are in this process. */
export const powerOn = async (
  arch: WholeChainArch,
  exports: { readonly disk: Export; readonly vars: Export },
  cloud: Cloud,
  consoleLog: string,
): Promise<Machine> => {
  // The path of a Unix socket is short; the caller's folder may not be.
  const folder = await mkdtemp(join(tmpdir(), 'slipway-nbd-'));
  const faults: string[] = [];
  const nbd = await serveNbd(
    join(folder, 'nbd'),
    new Map([
      ['disk', exports.disk],
      ['vars', exports.vars],
    ]),
    (why) => faults.push(why),
  );
  const vm = await startVm({
    ...vmDefaults(arch, cloud, consoleLog),
    disk: nbd.uri('disk'),
    varsFile: nbd.uri('vars'),
  });
  return {
    vm,
    faults,
    pullPlug: async () => {
      await vm.kill();
      await nbd.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
};
