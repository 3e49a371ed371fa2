import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  CLAIM_ESP_PATH,
  SlipwayError,
  systemError,
  VirtualDeviceFile,
  type Arch,
  type Claim,
} from '@slipway/protocol';
import { espWrite } from './esp.ts';
import { startVm, type Forward, type Vm } from './vm.ts';

/** Enough for an image of a few services; what runs in it is emulated, so more processors help little. */
export const VIRTUAL_DEVICE_MEMORY_MB = 768;

/** What belongs to a virtual device, in a folder of its own. */
export const virtualDeviceFiles = (folder: string) => ({
  /** written last: what has it is whole */
  facts: join(folder, 'device.json'),
  disk: join(folder, 'disk.img'),
  efiVariables: join(folder, 'efi-variables.fd'),
  consoleLog: join(folder, 'console.log'),
});

/** Copies a disk image and puts a claim token on it, as a factory would. @throws {SlipwayError} as `espWrite` */
export const copyDisk = async (image: string, disk: string, claimToken: string): Promise<void> => {
  // A disk is mostly holes; cp keeps them, which Node's copyFile does not.
  await promisify(execFile)('cp', ['--sparse=always', '--reflink=auto', image, disk]);
  const claim: Claim = { v: 1, token: claimToken };
  await espWrite(disk, CLAIM_ESP_PATH, Buffer.from(`${JSON.stringify(claim)}\n`));
};

/**
 * Makes a device that can be started again and again, also by another process.
 *
 * @param image disk image of the build that `facts` names; it is copied
 * @throws {SlipwayError} as `espWrite`
 */
export const makeVirtualDevice = async (
  folder: string,
  image: string,
  claimToken: string,
  facts: VirtualDeviceFile,
): Promise<void> => {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const files = virtualDeviceFiles(folder);
  await copyDisk(image, files.disk, claimToken);
  await writeFile(files.facts, `${JSON.stringify(facts, null, 2)}\n`, { flush: true });
};

/**
 * @returns undefined where there is none, or one that was never finished
 * @throws {SlipwayError} VM_FAILED for one that cannot be read
 */
export const readVirtualDevice = async (folder: string): Promise<VirtualDeviceFile | undefined> => {
  const { facts } = virtualDeviceFiles(folder);
  try {
    return VirtualDeviceFile.parse(JSON.parse(await readFile(facts, 'utf8')));
  } catch (cause) {
    if (systemError(cause, ['ENOENT', 'ENOTDIR']) !== undefined) return undefined;
    throw new SlipwayError(
      'VM_FAILED',
      `${facts} does not say what this virtual device is. Remove ${folder}, and make the device anew.`,
      { cause },
    );
  }
};

export type VirtualDevicePower = {
  readonly arch: Arch;
  readonly forwards: readonly Forward[];
  readonly memoryMb?: number | undefined;
  readonly cpus?: number | undefined;
};

/** Switches one on, with the disk as it was left. @throws {SlipwayError} as `startVm` */
export const startVirtualDevice = (
  folder: string,
  { arch, forwards, memoryMb = VIRTUAL_DEVICE_MEMORY_MB, cpus = 1 }: VirtualDevicePower,
): Promise<Vm> => {
  const files = virtualDeviceFiles(folder);
  return startVm({
    arch,
    disk: files.disk,
    varsFile: files.efiVariables,
    memoryMb,
    cpus,
    consoleLog: files.consoleLog,
    forwards,
    ignoreFlush: true,
  });
};
