import { timingSafeEqual } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { hasUsers, newToken, sha256Hex, type Database } from '@slipway/fleet';
import { systemError } from '@slipway/protocol';

/**
 * While there is no user, a file that only we can read holds a token that makes the first one. Whoever may read the data
 * directory is who sets the server up.
 *
 * @returns whether somebody has to
 */
export const offerSetup = async (db: Database, file: string): Promise<boolean> => {
  if (await hasUsers(db)) {
    await voidSetup(file);
    return false;
  }
  try {
    await writeFile(file, `${newToken('swx')}\n`, { mode: 0o600, flag: 'wx', flush: true });
  } catch (error) {
    if (systemError(error, ['EEXIST']) === undefined) throw error;
  }
  return true;
};

export const isSetupToken = async (file: string, text: string): Promise<boolean> => {
  const known = await readFile(file, 'utf8').catch((error: unknown) => {
    if (systemError(error, ['ENOENT']) === undefined) throw error;
    return '';
  });
  const [a, b] = [known.trim(), text].map((one) => Buffer.from(sha256Hex(one ?? '')));
  return known.trim() !== '' && a !== undefined && b !== undefined && timingSafeEqual(a, b);
};

export const voidSetup = (file: string): Promise<void> => rm(file, { force: true });
