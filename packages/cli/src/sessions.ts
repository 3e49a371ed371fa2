import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { SlipwayError, systemError } from '@slipway/protocol';
import { z } from 'zod';

const Kept = z.object({ name: z.string(), token: z.string(), expiresAt: z.iso.datetime() });
type Kept = z.infer<typeof Kept>;
/** By the address of the server. */
const SessionsFile = z.object({ v: z.literal(1), sessions: z.record(z.string(), Kept) });

type Env = { readonly env: NodeJS.ProcessEnv };

/** Where `slipway login` keeps sessions; nobody else may read it. */
export const sessionsPath = ({ env }: Env): string => {
  const home =
    env['XDG_CONFIG_HOME'] ?? (env['HOME'] === undefined ? undefined : join(env['HOME'], '.config'));
  if (home !== undefined) return join(home, 'slipway', 'sessions.json');
  throw new SlipwayError(
    'CONFIG_INVALID',
    'Neither XDG_CONFIG_HOME nor HOME says where sessions are kept. Set one.',
  );
};

const read = async (path: string): Promise<Record<string, Kept>> => {
  try {
    return SessionsFile.parse(JSON.parse(await readFile(path, 'utf8'))).sessions;
  } catch (cause) {
    if (systemError(cause, ['ENOENT']) !== undefined) return {};
    throw new SlipwayError('CONFIG_INVALID', `${path} cannot be read. Remove it, and log in again.`, {
      cause,
    });
  }
};

/** The token of a session that has not expired, if there is one for that server. */
export const sessionFor = async (where: Env, url: string): Promise<string | undefined> => {
  if (where.env['XDG_CONFIG_HOME'] === undefined && where.env['HOME'] === undefined) return undefined;
  const kept = (await read(sessionsPath(where)))[url];
  return kept !== undefined && new Date(kept.expiresAt) > new Date() ? kept.token : undefined;
};

/** @param session undefined: forgets what there is */
export const keepSession = async (where: Env, url: string, session: Kept | undefined): Promise<void> => {
  const path = sessionsPath(where);
  const others = Object.entries(await read(path)).filter(([known]) => known !== url);
  const sessions = Object.fromEntries(session === undefined ? others : [...others, [url, session]]);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.${process.pid}.tmp`;
  await writeFile(temporary, `${JSON.stringify({ v: 1, sessions }, null, 2)}\n`, {
    mode: 0o600,
    flush: true,
  });
  await rename(temporary, path);
};
