import { readFile, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { createClient, type Client } from '@slipway/client';
import { SlipwayError } from '@slipway/protocol';
import { z } from 'zod';
import { inContext } from './contexts.ts';

/** What a running instance leaves in its data directory; only what this command needs of it. */
const UpFile = z.object({
  dataDir: z.string().optional(),
  apiUrl: z.url(),
  adminTokenFile: z.string(),
  releaseRootFile: z.string().optional(),
});

/** What commands work with. */
export type Context = {
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly json: boolean;
  /** wide enough for a table to be cut to; undefined where the output is no terminal */
  readonly columns: number | undefined;
  /** whether somebody watches what `err` says */
  readonly isTerminal?: boolean | undefined;
  /** aborts on Ctrl-C */
  readonly signal: AbortSignal;
};

type Where = Pick<Context, 'env' | 'cwd'>;

/** `SLIPWAY_DATA`, or the nearest `.slipway/local` here or above, where `npm run up` keeps its data. */
const findUpFile = async ({ env, cwd }: Where) => {
  const named = env['SLIPWAY_DATA'];
  const candidates =
    named === undefined ? foldersAbove(cwd).map((folder) => join(folder, '.slipway', 'local')) : [named];
  for (const folder of candidates) {
    const file = resolve(cwd, folder, 'up.json');
    const text = await readFile(file, 'utf8').catch(() => undefined);
    if (text !== undefined) return UpFile.parse(JSON.parse(text));
  }
  return undefined;
};

/**
 * The data directory that a command is about: the one named, `SLIPWAY_DATA`, or the nearest `.slipway/local` here or
 * above that an instance runs on.
 *
 * @throws {SlipwayError} CONFIG_INVALID
 */
export const dataDirectory = async (where: Where, named: string | undefined): Promise<string> => {
  const folder = named ?? where.env['SLIPWAY_DATA'] ?? (await findUpFile(where))?.dataDir;
  if (folder !== undefined) return resolve(where.cwd, folder);
  for (const above of foldersAbove(where.cwd)) {
    const local = join(above, '.slipway', 'local');
    if ((await stat(local).catch(() => undefined))?.isDirectory() === true) return local;
  }
  throw new SlipwayError('CONFIG_INVALID', 'No data directory is known. Name it by --data or SLIPWAY_DATA.');
};

const foldersAbove = (folder: string): string[] =>
  folder === dirname(folder) ? [folder] : [folder, ...foldersAbove(dirname(folder))];

/**
 * The server that commands speak to: `SLIPWAY_URL` with `SLIPWAY_TOKEN`, the context in use, or the instance that runs on a
 * data directory.
 *
 * @throws {SlipwayError} CONFIG_INVALID
 */
export const connect = async (asked: Where): Promise<Client> => {
  const where = await inContext(asked);
  const url = where.env['SLIPWAY_URL'];
  const token = where.env['SLIPWAY_TOKEN'];
  if (url !== undefined && token !== undefined) return createClient({ url: url.replace(/\/+$/, ''), token });
  // The token of the instance here is for nobody else.
  if (where !== asked && token === undefined)
    throw new SlipwayError(
      'CONFIG_INVALID',
      `No token is kept for ${url ?? ''}. Give one by slipway context add --token-file, or by SLIPWAY_TOKEN.`,
    );
  const up = await findUpFile(where);
  if (up === undefined) {
    throw new SlipwayError(
      'CONFIG_INVALID',
      'No server is known. Start one by "npm run up", name its data directory by SLIPWAY_DATA, ' +
        'or name another server by SLIPWAY_URL and SLIPWAY_TOKEN, or by slipway context add.',
    );
  }
  const own = (await readFile(up.adminTokenFile, 'utf8')).trim();
  return createClient({ url: url ?? up.apiUrl, token: token ?? own });
};

/**
 * PEM of the root that releases are verified by: the file named, or that of the running instance.
 *
 * @throws {SlipwayError} CONFIG_INVALID
 */
export const releaseRoot = async (where: Where, file: string | undefined): Promise<string> => {
  const path = file ?? (await findUpFile(where))?.releaseRootFile;
  if (path === undefined) {
    throw new SlipwayError('CONFIG_INVALID', 'No release root is known. Name its PEM file by --root.');
  }
  return readFile(resolve(where.cwd, path), 'utf8');
};
