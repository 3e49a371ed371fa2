import { execFile } from 'node:child_process';
import { open } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { DEVICE_ARCHES, efiNames, messageOf, SlipwayError, systemError, type Arch } from '@slipway/protocol';
import type { StartableImage } from './find-image.ts';

const run = promisify(execFile);
const MIB = 1024 * 1024;
/** Folders of an EFI system partition lie at its start, and that at the start of a disk. */
const LOOKED_AT_BYTES = 64 * MIB;
const STEP = 4 * MIB;

/** A name of a folder of FAT: eight letters and three, a longer one cut to its first six. */
const fatName = (file: string): string => {
  const [name = '', extension = ''] = basename(file).split('.');
  return `${name.length > 8 ? `${name.slice(0, 6)}~1` : name.padEnd(8)}${extension}`;
};

/** What firmware starts first. */
const FIRST_FILES: readonly (readonly [name: string, arch: Arch])[] = DEVICE_ARCHES.map((arch) => [
  fatName(efiNames(arch).firstFile),
  arch,
]);

const find = async (path: string): Promise<Arch | undefined> => {
  await using file = await open(path);
  const buffer = Buffer.alloc(STEP);
  for (let at = 0; at < LOOKED_AT_BYTES; at += STEP - 16) {
    const { bytesRead } = await file.read(buffer, 0, STEP, at);
    for (const [name, arch] of FIRST_FILES)
      if (buffer.subarray(0, bytesRead).includes(name, 0, 'latin1')) return arch;
    if (bytesRead < STEP) return undefined;
  }
  return undefined;
};

/** The start of a disk that is compressed or in pieces. */
const rawStart = async (path: string, format: string, folder: string): Promise<string> => {
  const start = join(folder, 'start.raw');
  const size = [`bs=${MIB}`, `count=${LOOKED_AT_BYTES / MIB}`];
  try {
    await run('qemu-img', ['dd', '-f', format, '-O', 'raw', ...size, `if=${path}`, `of=${start}`]);
  } catch (cause) {
    if (systemError(cause, ['ENOENT']) !== undefined)
      throw new SlipwayError(
        'TOOL_MISSING',
        'expected the program qemu-img, which is not installed; install the Debian package qemu-utils',
        { cause, details: { tool: 'qemu-img', package: 'qemu-utils' } },
      );
    throw new SlipwayError('TOOL_FAILED', `${path} cannot be read: ${messageOf(cause)}`, { cause });
  }
  return start;
};

/**
 * The architecture that an image starts on: what its kernel says, or which file firmware would start first.
 *
 * @param folder scratch
 * @returns undefined where nothing tells
 * @throws {SlipwayError} TOOL_MISSING, TOOL_FAILED
 */
export const imageArch = async (image: StartableImage, folder: string): Promise<Arch | undefined> => {
  if (image.type === 'kernel') return image.arch;
  const isRaw = image.type === 'cdrom' || image.format === 'raw';
  return find(isRaw ? image.path : await rawStart(image.path, image.format, folder));
};
