import { readFile, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { createClient, type Client } from '@slipway/client';
import { SlipwayError } from '@slipway/protocol';
import { z } from 'zod';
import { inContext } from './contexts.ts';
import type { ReadSecret } from './read-secret.ts';
import { sessionFor } from './sessions.ts';

/** What a running instance leaves in its data directory; only what this command needs of it. */
const UpFile = z.object({
  dataDir: z.string().optional(),
  apiUrl: z.url(),
  adminTokenFile: z.string(),
  releaseRootFile: z.string().optional(),
  profilesDir: z.string().optional(),
  enrolUrl: z.url().optional(),
  serverCaFile: z.string().optional(),
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
  /** of the terminal as it is now; undefined: there is none */
  readonly screen?: (() => { readonly columns: number; readonly rows: number }) | undefined;
  /** whether somebody watches what `err` says */
  readonly isTerminal?: boolean | undefined;
  /** asks for a password; undefined: there is nobody to ask */
  readonly secret?: ReadSecret | undefined;
  /** aborts on Ctrl-C */
  readonly signal: AbortSignal;
};

export type Where = Pick<Context, 'env' | 'cwd'>;

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

/** The folder itself first. */
export const foldersAbove = (folder: string): string[] =>
  folder === dirname(folder) ? [folder] : [folder, ...foldersAbove(dirname(folder))];

/** What is known of the instance that runs here; undefined: none does. */
export const instanceHere = findUpFile;

type Server = {
  readonly url: string;
  /** given for it, by the environment or the context in use */
  readonly token: string | undefined;
  /** of the instance here; undefined: the server is another one */
  readonly adminTokenFile: string | undefined;
};

const findServer = async (asked: Where): Promise<Server> => {
  const where = await inContext(asked);
  const named = where.env['SLIPWAY_URL']?.replace(/\/+$/, '');
  const token = where.env['SLIPWAY_TOKEN'];
  if (named !== undefined && token !== undefined) return { url: named, token, adminTokenFile: undefined };
  // The token of the instance here is for nobody else.
  const up = where === asked ? await findUpFile(where) : undefined;
  const url = named ?? up?.apiUrl;
  if (url === undefined) {
    throw new SlipwayError(
      'CONFIG_INVALID',
      'No server is known. Start one by "npm run up", name its data directory by SLIPWAY_DATA, ' +
        'or name another server by slipway context add, or by SLIPWAY_URL with SLIPWAY_TOKEN or after slipway login.',
    );
  }
  return { url, token, adminTokenFile: up?.adminTokenFile };
};

/**
 * The server that commands speak to: that at `SLIPWAY_URL`, the context in use, or the instance that runs on a data
 * directory. By the token given for it, the session that `slipway login` keeps, or the token of the instance.
 *
 * @throws {SlipwayError} CONFIG_INVALID
 */
export const connect = async (where: Where): Promise<Client> => {
  const { url, token: given, adminTokenFile } = await findServer(where);
  const token = given ?? (await sessionFor(where, url));
  if (token !== undefined) return createClient({ url, token });
  if (adminTokenFile === undefined)
    throw new SlipwayError(
      'CONFIG_INVALID',
      `No token is kept for ${url}. Use slipway login, give one by slipway context add --token-file, or set SLIPWAY_TOKEN.`,
    );
  return createClient({ url, token: (await readFile(adminTokenFile, 'utf8')).trim() });
};

/**
 * The instance that runs on a data directory, whatever context is in use: what is done to its files is about no other.
 * Where no instance left word in it, the server that commands speak to.
 *
 * @throws {SlipwayError} CONFIG_INVALID
 */
export const connectToInstance = async (where: Where, dataDir: string): Promise<Client> => {
  const up = await findUpFile({ cwd: where.cwd, env: { SLIPWAY_DATA: dataDir } });
  if (up === undefined) return connect(where);
  return createClient({ url: up.apiUrl, token: (await readFile(up.adminTokenFile, 'utf8')).trim() });
};

/** For what is asked without being known yet. @throws {SlipwayError} CONFIG_INVALID */
export const connectAsNobody = async (
  where: Where,
): Promise<{
  readonly client: Client;
  readonly url: string;
  readonly adminTokenFile: string | undefined;
}> => {
  const { url, adminTokenFile } = await findServer(where);
  return { client: createClient({ url, token: 'none' }), url, adminTokenFile };
};
