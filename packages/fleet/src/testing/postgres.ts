import { execFile } from 'node:child_process';
import { globSync } from 'node:fs';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { spawnServer } from './spawn-server.ts';

const run = promisify(execFile);

/** The socket is there before the server lets anybody in. */
const answers = async (url: string): Promise<boolean> => {
  const client = new Client({ connectionString: url });
  try {
    await client.connect();
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
};
const NOBODY = 65_534;

/** Where Debian keeps the programs of the newest PostgreSQL; they are not on the PATH. */
const findPrograms = (): string | undefined => {
  const found = globSync('/usr/lib/postgresql/*/bin/postgres');
  const newest = found.sort((a, b) => a.localeCompare(b, 'en', { numeric: true })).at(-1);
  return newest === undefined ? undefined : dirname(newest);
};

/**
 * A PostgreSQL server of its own on a Unix socket; prints its version.
 *
 * @returns undefined where none is installed
 */
export const startTestPostgres = async () => {
  const programs = findPrograms();
  if (programs === undefined) return undefined;
  const { stdout } = await run(join(programs, 'postgres'), ['--version']);
  console.log(stdout.trim());
  const directory = await mkdtemp(join(tmpdir(), 'slipway-pg-'));
  // PostgreSQL refuses to run as root.
  const asNobody = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
  if ('uid' in asNobody) await chown(directory, NOBODY, NOBODY);
  const data = join(directory, 'data');
  await run(join(programs, 'initdb'), ['-D', data, '-U', 'slipway', '-A', 'trust', '--no-sync'], {
    ...asNobody,
    cwd: directory,
  });
  const url = `postgres://slipway@localhost/postgres?host=${encodeURIComponent(directory)}`;
  const server = await spawnServer(
    join(programs, 'postgres'),
    ['-D', data, '-k', directory, '-c', 'listen_addresses=', '-c', 'fsync=off'],
    () => answers(url),
    { ...asNobody, cwd: directory },
  );
  return {
    url,
    stop: async () => {
      await server.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
};
