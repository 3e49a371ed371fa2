import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase, type OpenDatabase } from '../database.ts';

/** An embedded database of its own, removed when it is closed. */
export const openTestDatabase = async (): Promise<OpenDatabase> => {
  const directory = await mkdtemp(join(tmpdir(), 'slipway-db-'));
  const database = await openDatabase({ dataDir: join(directory, 'db') });
  return {
    ...database,
    close: async () => {
      await database.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
};
