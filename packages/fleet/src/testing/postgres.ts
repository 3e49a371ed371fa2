import { execFile } from 'node:child_process';
import { globSync } from 'node:fs';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { openDatabase } from '../database.ts';
import { spawnServer } from './spawn-server.ts';
import { openTemplate } from './template.ts';
import { until } from './until.ts';

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
 * A PostgreSQL server of its own on a Unix socket, with all migrations done in its database `postgres`; prints its version.
 *
 * @param options syncs: what is committed is on the disk, as in earnest
 * @returns undefined where none is installed
 */
export const startTestPostgres = async (options: { readonly syncs?: boolean } = {}) => {
  const programs = findPrograms();
  if (programs === undefined) return undefined;
  const { stdout } = await run(join(programs, 'postgres'), ['--version']);
  console.log(stdout.trim());
  // PostgreSQL refuses to run as root.
  const user = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
  const cluster = { programs, user };
  const template = await openTemplate('pg', stdout, (directory) => makeCluster(cluster, directory));
  const directory = await mkdtemp(join(tmpdir(), 'slipway-pg-'));
  // `cp` keeps whose files they are.
  await run('cp', ['-a', template, join(directory, 'data')]);
  if ('uid' in user) await chown(directory, NOBODY, NOBODY);
  let server = await serve(cluster, directory, options.syncs);
  const { url, pid } = server;
  let databases = 0;
  return {
    url,
    pid,
    /** as if the machine took it away; what it had committed is in its log */
    kill: () => server.kill(),
    /** once more, on the same socket and the same files */
    start: async () => {
      // What served a client may take a moment to notice, and holds shared memory until then.
      server = await until('the database', () =>
        serve(cluster, directory, options.syncs).catch(() => undefined),
      );
    },
    /** an empty database, by its URL */
    newDatabase: async (): Promise<string> => {
      databases += 1;
      const name = `empty_${databases}`;
      const client = new Client({ connectionString: url });
      await client.connect();
      await client.query(`create database ${name}`);
      await client.end();
      return url.replace('/postgres?', `/${name}?`);
    },
    stop: async () => {
      await server.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
};

type Cluster = {
  readonly programs: string;
  readonly user: { readonly uid?: number; readonly gid?: number };
};

const serve = async ({ programs, user }: Cluster, directory: string, syncs = false) => {
  const url = `postgres://slipway@localhost/postgres?host=${encodeURIComponent(directory)}`;
  const server = await spawnServer(
    join(programs, 'postgres'),
    [
      '-D',
      join(directory, 'data'),
      '-k',
      directory,
      '-c',
      'listen_addresses=',
      '-c',
      `fsync=${syncs ? 'on' : 'off'}`,
    ],
    () => answers(url),
    { ...user, cwd: directory },
  );
  // A client that was forgotten is cut off: by SIGTERM it would be waited for.
  return { url, pid: server.pid, stop: () => server.stop('SIGINT'), kill: server.kill };
};

const makeCluster = async (cluster: Cluster, directory: string): Promise<string> => {
  const { programs, user } = cluster;
  if ('uid' in user) await chown(directory, NOBODY, NOBODY);
  const data = join(directory, 'data');
  await run(join(programs, 'initdb'), ['-D', data, '-U', 'slipway', '-A', 'trust', '--no-sync'], {
    ...user,
    cwd: directory,
  });
  const { url, stop } = await serve(cluster, directory);
  const { close } = await openDatabase({ url });
  await close();
  await stop();
  return data;
};
