import { createHash } from 'node:crypto';
import { contentSize, type Piece } from '@slipway/components';
import { SlipwayError, U_BOOT_ESP_FILES, type Arch } from '@slipway/protocol';
import { trybootScript } from './boot/tryboot-script.ts';
import { uBootEnvironment, uBootScript } from './boot/u-boot-script.ts';
import type { Run } from './disk-runs.ts';
import { fatRuns, type FatFile } from './fat/fat32.ts';
import type { Place } from './partition-disk.ts';

const MIB = 1024 * 1024;

const SLOT_A = 'EFI/Linux/slot-a.efi';

/** What systemd-boot starts on a machine that has nothing but slot a. */
export const espFiles = (loader: FatFile, uki: Piece): FatFile[] => [
  loader,
  { path: SLOT_A, content: uki },
  // No menu, no editing of the command line, and never "the newest": the confirmed slot is named.
  { path: 'loader/loader.conf', content: Buffer.from('timeout 0\neditor no\ndefault slot-a.efi\n') },
];

/** The same for a board whose U-Boot runs our script. */
export const uBootEspFiles = (arch: Arch, uki: Piece): FatFile[] => [
  { path: 'boot.scr', content: uBootScript(arch) },
  ...U_BOOT_ESP_FILES.map((path) => ({ path, content: uBootEnvironment() })),
  { path: SLOT_A, content: uki },
];

/** The same for a Raspberry Pi: the firmware's partitions bring U-Boot, which finds script and UKI here. */
export const trybootEspFiles = (uki: Piece, board: readonly FatFile[]): FatFile[] => [
  ...board,
  { path: 'boot.scr', content: trybootScript() },
  { path: SLOT_A, content: uki },
];

export type FatOwner = {
  readonly label: string;
  readonly deviceClass: string;
  /** seconds */
  readonly time: number;
};

/**
 * A FAT partition with files in it.
 *
 * @throws {SlipwayError} BUILD_FAILED if they do not fit, or a FAT cannot hold their names
 */
export const fatPartition = (
  place: Place,
  files: readonly FatFile[],
  { label, deviceClass, time }: FatOwner,
): Run[] => {
  const name = label === 'ESP' ? deviceClass : `${deviceClass} ${label}`;
  const volumeId = createHash('sha256').update(name).digest().readUInt32BE(0);
  return fatRuns(files, { ...place, label, volumeId, time });
};

/**
 * The EFI system partition of a device.
 *
 * @throws {SlipwayError} BUILD_FAILED if the files do not fit
 */
export const espPartition = (
  place: Place,
  files: readonly FatFile[],
  owner: Omit<FatOwner, 'label'>,
): Run[] => {
  const needed = files.reduce((sum, { content }) => sum + contentSize(content), 0);
  // An update writes the UKI of the other slot under a temporary name beside the two that are there.
  if (needed * 3 > place.size)
    throw new SlipwayError(
      'BUILD_FAILED',
      `expected an ESP of at least ${Math.ceil((needed * 3) / MIB)} MiB, three times its files, found ${Math.floor(place.size / MIB)} MiB; raise partitions.esp in the class file`,
    );
  return fatPartition(place, files, { ...owner, label: 'ESP' });
};
