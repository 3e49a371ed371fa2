import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MIGRATIONS_FOLDER } from '../database.ts';

/** Of all migrations, and of when each was made: a database knows by that which it has. */
const digestOf = async (facts: string): Promise<string> => {
  const hash = createHash('sha256').update(facts);
  for (const name of (await readdir(MIGRATIONS_FOLDER)).filter((file) => file.endsWith('.sql')).sort())
    hash.update(name).update(await readFile(join(MIGRATIONS_FOLDER, name)));
  hash.update(await readFile(join(MIGRATIONS_FOLDER, 'meta/_journal.json')));
  return hash.digest('hex').slice(0, 16);
};

/**
 * A folder to be copied, because making one takes seconds of a processor and a copy a tenth of one. It is shared by all
 * runs with the same migrations and the same `facts`, and stays in the folder for temporary files.
 *
 * @param make fills a new folder and gives the part of it that is the template
 */
export const openTemplate = async (
  kind: string,
  facts: string,
  make: (directory: string) => Promise<string>,
): Promise<string> => {
  const template = join(tmpdir(), `slipway-${kind}-${process.getuid?.() ?? 0}-${await digestOf(facts)}`);
  if (await isThere(template)) return template;
  const directory = await mkdtemp(`${template}-`);
  const made = await make(directory);
  // Another process may have been faster.
  await rename(made, template).catch(async (error: unknown) => {
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
