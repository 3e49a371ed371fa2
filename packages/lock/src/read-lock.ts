import { readFile } from 'node:fs/promises';
import { parseLock, type Lock } from './lock-file.ts';

/**
 * @param name of the file in errors
 * @returns undefined if there is none
 * @throws {SlipwayError} LOCK_INVALID
 */
export const readLock = async (path: string, name: string): Promise<Lock | undefined> => {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  return parseLock(text, name);
};
