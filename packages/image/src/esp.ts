import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import { chunksOf, type Piece } from '@slipway/components';
import { SlipwayError, U_BOOT_ESP_FILES, type Arch } from '@slipway/protocol';
import { trybootScript } from './boot/tryboot-script.ts';
import { uBootEnvironment, uBootScript } from './boot/u-boot-script.ts';
import { runTool } from './tool.ts';

export type EspFile = { readonly path: string; readonly content: Uint8Array };
/** Of a partition that may hold what does not fit into memory. */
export type FatFile = { readonly path: string; readonly content: Piece };

const MIB = 1024 * 1024;
const SECTOR = 512;

const SLOT_A = 'EFI/Linux/slot-a.efi';

/** What systemd-boot starts on a machine that has nothing but slot a. */
export const espFiles = (loader: EspFile, uki: Uint8Array): EspFile[] => [
  loader,
  { path: SLOT_A, content: uki },
  // No menu, no editing of the command line, and never "the newest": the confirmed slot is named.
  { path: 'loader/loader.conf', content: Buffer.from('timeout 0\neditor no\ndefault slot-a.efi\n') },
];

/** The same for a board whose U-Boot runs our script. */
export const uBootEspFiles = (arch: Arch, uki: Uint8Array): EspFile[] => [
  { path: 'boot.scr', content: uBootScript(arch) },
  ...U_BOOT_ESP_FILES.map((path) => ({ path, content: uBootEnvironment() })),
  { path: SLOT_A, content: uki },
];

/** The same for a Raspberry Pi: the firmware's partitions bring U-Boot, which finds script and UKI here. */
export const trybootEspFiles = (uki: Uint8Array, board: readonly EspFile[]): EspFile[] => [
  ...board,
  { path: 'boot.scr', content: trybootScript() },
  { path: SLOT_A, content: uki },
];

/**
 * Formats the EFI system partition inside a disk image and fills it.
 *
 * @throws {SlipwayError} BUILD_FAILED if the files do not fit, TOOL_MISSING, TOOL_FAILED
 */
export const createEsp = async (
  disk: string,
  { offset, size }: { readonly offset: number; readonly size: number },
  files: readonly EspFile[],
  { deviceClass, time }: { readonly deviceClass: string; readonly time: number },
): Promise<void> => {
  const needed = files.reduce((sum, { content }) => sum + content.length, 0);
  // An update writes the UKI of the other slot under a temporary name beside the two that are there.
  if (needed * 3 > size)
    throw new SlipwayError(
      'BUILD_FAILED',
      `expected an ESP of at least ${Math.ceil((needed * 3) / MIB)} MiB, three times its files, found ${Math.floor(size / MIB)} MiB; raise partitions.esp in the class file`,
    );
  await createFat(disk, { offset, size }, files, { label: 'ESP', deviceClass, time });
};

/**
 * Formats a FAT partition inside a disk image and fills it.
 *
 * @throws {SlipwayError} TOOL_MISSING, TOOL_FAILED
 */
export const createFat = async (
  disk: string,
  { offset, size }: { readonly offset: number; readonly size: number },
  files: readonly FatFile[],
  {
    label,
    deviceClass,
    time,
  }: { readonly label: string; readonly deviceClass: string; readonly time: number },
): Promise<void> => {
  const name = label === 'ESP' ? deviceClass : `${deviceClass} ${label}`;
  const volumeId = createHash('sha256').update(name).digest('hex').slice(0, 8);
  const env = { SOURCE_DATE_EPOCH: String(time), MTOOLSRC: '/dev/null', MTOOLS_SKIP_CHECK: '1' };
  await runTool(
    'mkfs.vfat',
    [
      // FAT32 begins at 65,525 clusters, and the firmware believes the count: small clusters for a small ESP.
      ['-F', '32', '-s', String(size < 512 * MIB ? 1 : 8)],
      ['-n', label, '-i', volumeId, '--invariant', `--offset=${offset / SECTOR}`],
      disk,
      String(size / 1024),
    ],
    { env },
  );
  const drive = `${disk}@@${offset}`;
  const folders = new Set(files.flatMap(({ path }) => parents(path)));
  if (folders.size > 0)
    await runTool('mmd', ['-i', drive, ...[...folders].sort().map((folder) => `::/${folder}`)], { env });
  for (const { path, content } of files)
    await runTool('mcopy', ['-i', drive, '-', `::/${path}`], { env, stdin: chunksOf([content]) });
};

const parents = (path: string): string[] => {
  const parent = posix.dirname(path);
  return parent === '.' ? [] : [...parents(parent), parent];
};
