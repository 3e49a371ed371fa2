import { createHash } from 'node:crypto';
import { cp, mkdtemp, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openDatabase, type OpenDatabase, type OpenOptions } from '../database.ts';

const migrations = fileURLToPath(new URL('../../migrations', import.meta.url));

const digestOfMigrations = async (): Promise<string> => {
  const hash = createHash('sha256');
  for (const name of (await readdir(migrations)).filter((file) => file.endsWith('.sql')).sort())
    hash.update(name).update(await readFile(join(migrations, name)));
  // Also when each was made: a database knows by that which it has.
  hash.update(await readFile(join(migrations, 'meta/_journal.json')));
  return hash.digest('hex').slice(0, 16);
};

/**
 * A database with all migrations done, to be copied: making one takes 4 s of a processor, a copy a tenth of one. It is
 * shared by all runs with the same migrations, and stays in the folder for temporary files.
 */
const makeTemplate = async (): Promise<string> => {
  const template = join(tmpdir(), `slipway-db-${process.getuid?.() ?? 0}-${await digestOfMigrations()}`);
  if (await isThere(template)) return template;
  const directory = await mkdtemp(`${template}-`);
  const { close } = await openDatabase({ dataDir: join(directory, 'db') });
  await close();
  // Another process may have been faster.
  await rename(join(directory, 'db'), template).catch(async (error: unknown) => {
    if (!(await isThere(template))) throw error;
  });
  await rm(directory, { recursive: true, force: true });
  return template;
};

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

/** An embedded database of its own, removed when it is closed. */
export const openTestDatabase = async (
  options: Pick<OpenOptions, 'onStatement'> = {},
): Promise<OpenDatabase> => {
  const directory = await mkdtemp(join(tmpdir(), 'slipway-db-'));
  await cp(await makeTemplate(), join(directory, 'db'), { recursive: true });
  const database = await openDatabase({ dataDir: join(directory, 'db') }, options);
  return {
    ...database,
    close: async () => {
      await database.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
};
