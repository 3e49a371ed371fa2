import { readFile, writeFile } from 'node:fs/promises';
import { admitToken, newToken, type Database } from '@slipway/fleet';

/** There is no default credential: the first start makes a token and leaves it in a file that only we can read. */
export const admitAdminToken = async (db: Database, file: string): Promise<void> => {
  try {
    await writeFile(file, `${newToken('swt')}\n`, { mode: 0o600, flag: 'wx', flush: true });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
  const text = (await readFile(file, 'utf8')).trim();
  await admitToken(db, { text, name: 'admin', role: 'admin' });
};
