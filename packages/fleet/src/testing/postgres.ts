import { execFile } from 'node:child_process';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { accepts } from './redis-server.ts';
import { spawnServer } from './spawn-server.ts';

const run = promisify(execFile);
const NOBODY = 65_534;

/** A PostgreSQL server of its own on a Unix socket. @returns undefined where none is installed */
export const startTestPostgres = async () => {
  const installed = await run('initdb', ['--version']).then(
    () => true,
    () => false,
  );
  if (!installed) return undefined;
  const directory = await mkdtemp(join(tmpdir(), 'slipway-pg-'));
  // PostgreSQL refuses to run as root.
  const asNobody = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
  if ('uid' in asNobody) await chown(directory, NOBODY, NOBODY);
  const data = join(directory, 'data');
  await run('initdb', ['-D', data, '-U', 'slipway', '-A', 'trust', '--no-sync'], {
    ...asNobody,
    cwd: directory,
  });
  const server = await spawnServer(
    'postgres',
    ['-D', data, '-k', directory, '-c', 'listen_addresses=', '-c', 'fsync=off'],
    () => accepts({ path: join(directory, '.s.PGSQL.5432') }),
    { ...asNobody, cwd: directory },
  );
  return {
    url: `postgres://slipway@localhost/postgres?host=${encodeURIComponent(directory)}`,
    stop: async () => {
      await server.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
};
