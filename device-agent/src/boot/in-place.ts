import { SlipwayError } from '@slipway/protocol';
import type { Files } from '../runtime/port.ts';

/** The unit that disks write whole or not at all. */
export const SECTOR = 512;

export const equalBytes = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, at) => byte === b[at]);

/** @returns undefined where there is no such file or device */
export const readRange = async (
  files: Files,
  path: string,
  offset: number,
  length: number,
): Promise<Uint8Array | undefined> => {
  let file;
  try {
    file = await files.open(path, 'read');
  } catch (error) {
    // Block devices have no size; files that are not there have none either.
    if ((await files.size(path)) === undefined) return undefined;
    throw error;
  }
  try {
    return await file.read(offset, length);
  } finally {
    await file.close();
  }
};

/**
 * Writes over what is there, without another name and a rename: boot loaders cannot rename, and write like this
 * themselves. Sectors that do not change are not written, so a change within one sector is whole or not there at all.
 */
export const writeInPlace = async (
  files: Files,
  path: string,
  offset: number,
  bytes: Uint8Array,
): Promise<void> => {
  const file = await files.open(path, 'write');
  try {
    const before = await file.read(offset, bytes.length);
    for (let at = 0; at < bytes.length; at += SECTOR) {
      const part = bytes.subarray(at, at + SECTOR);
      if (!equalBytes(before.subarray(at, at + SECTOR), part)) await file.write(offset + at, part);
    }
    await file.sync();
  } finally {
    await file.close();
  }
};

/** @throws {SlipwayError} BOOT_CONTROL_FAILED */
export const expectReadBack = (where: string, expected: Uint8Array, found: Uint8Array | undefined): void => {
  if (found !== undefined && equalBytes(expected, found)) return;
  throw new SlipwayError(
    'BOOT_CONTROL_FAILED',
    `${where}: what was read back differs from what was written; the storage is failing or write-protected.`,
  );
};
