import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase, type OpenDatabase, type OpenOptions } from '../database.ts';
import { openTemplate } from './template.ts';

const makeDatabase = async (directory: string): Promise<string> => {
  const dataDir = join(directory, 'db');
  const { close } = await openDatabase({ dataDir });
  await close();
  return dataDir;
};

/** An embedded database of its own, with all migrations done, removed when it is closed. */
export const openTestDatabase = async (
  options: Pick<OpenOptions, 'onStatement'> = {},
): Promise<OpenDatabase> => {
  const directory = await mkdtemp(join(tmpdir(), 'slipway-db-'));
  await cp(await openTemplate('db', '', makeDatabase), join(directory, 'db'), { recursive: true });
  const database = await openDatabase({ dataDir: join(directory, 'db') }, options);
  return {
    ...database,
    close: async () => {
      await database.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
};
