import { INITRAMFS_MODULES, type Drivers } from './drivers.ts';
import type { InitramfsModules } from './initramfs.ts';
import type { KernelModules } from './kernel-modules.ts';

/**
 * @param drivers what the class says its devices need; absent: what most machines need
 * @param usual of the board
 * @throws {SlipwayError} SPEC_INVALID if the kernel has no such module
 */
export const chooseInitramfsModules = async (
  kernel: KernelModules,
  drivers: readonly string[] | undefined,
  usual: Drivers,
): Promise<InitramfsModules> => {
  if (drivers !== undefined) kernel.requireAll(drivers, 'drivers');
  const { evidence, watchdog, softdog, hash, first } = INITRAMFS_MODULES;
  return {
    evidence: await kernel.closure(evidence),
    watchdog: await kernel.closure(watchdog),
    softdog: await kernel.closure(softdog),
    hash: await kernel.closure(hash),
    first: await kernel.closure([...(drivers ?? usual.first), ...first]),
    disks: await kernel.closure(drivers === undefined ? usual.disks : []),
  };
};
