import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { SlipwayError, type WholeChainArch } from '@slipway/protocol';
import { startVm } from '@slipway/vm';
import type { ReferenceBuilder } from './reference-image.ts';
import { BOOT_GOAL, type BootMeasure } from './result.ts';

const PATIENCE_MS = 30 * 60_000;
const RUNS = /bench: (\w+) runs (\d+\.\d+) (\d+\.\d+) (\d+)\n/;
const READY = /slipway: ready after (\d+\.\d+)s/;

/**
 * Boots the reference image in QEMU, where a nanosecond is an instruction, so that the guest's own account of its time is
 * the same on every machine, and reads when its services run.
 *
 * @param build with services that announce themselves
 */
export const measureBoot = async (build: ReferenceBuilder, arch: WholeChainArch): Promise<BootMeasure> => {
  const { folder } = await build(arch, true);
  const at = (name: string): string => join(folder, name);
  await rm(at('efi-variables.fd'), { force: true });
  const vm = await startVm({
    arch,
    disk: at('disk.img'),
    varsFile: at('efi-variables.fd'),
    memoryMb: 512,
    consoleLog: at('console.log'),
    forwards: [],
    snapshot: true,
    instructionTime: true,
  });
  try {
    const wait = { timeoutMs: PATIENCE_MS };
    const [, first = '', ...one] = await vm.waitForConsole(RUNS, wait);
    // Both services, of which either may be first.
    const [, , ...other] = await vm.waitForConsole(
      new RegExp(RUNS.source.replace('\\w+', first === 'web' ? 'dhcp' : 'web')),
      wait,
    );
    const busy = [one, other].map(([up, idle, disk]) => Number(up) - Number(idle) - Number(disk) / 100);
    const ready = READY.exec(vm.console())?.[1];
    if (ready === undefined || busy.some(Number.isNaN))
      throw new SlipwayError('TOOL_FAILED', `the console does not tell times:\n${vm.console().slice(-2000)}`);
    return { readySeconds: Number(ready), cpuSeconds: Math.max(...busy), goal: BOOT_GOAL };
  } finally {
    await vm.kill();
  }
};
