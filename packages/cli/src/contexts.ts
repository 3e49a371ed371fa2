import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { SlipwayError, systemError } from '@slipway/protocol';
import { z } from 'zod';

const ServerContext = z.object({
  url: z.url({ protocol: /^https?$/ }),
  /** absent: that of the session of `slipway login`, or none */
  token: z.string().optional(),
});
export type ServerContext = z.infer<typeof ServerContext>;
const ContextsFile = z.object({
  v: z.literal(1),
  /** null: the instance that runs here */
  current: z.string().nullable(),
  contexts: z.record(z.string(), ServerContext),
});
export type Contexts = Omit<z.infer<typeof ContextsFile>, 'v'>;

type Env = { readonly env: NodeJS.ProcessEnv };

const configFolder = ({ env }: Env): string | undefined =>
  env['XDG_CONFIG_HOME'] ?? (env['HOME'] === undefined ? undefined : join(env['HOME'], '.config'));

/** Where servers are kept by name; there may be tokens in it, so nobody else may read it. */
export const contextsPath = (where: Env): string => {
  const folder = configFolder(where);
  if (folder !== undefined) return join(folder, 'slipway', 'contexts.json');
  throw new SlipwayError(
    'CONFIG_INVALID',
    'Neither XDG_CONFIG_HOME nor HOME says where contexts are kept. Set one.',
  );
};

export const readContexts = async (where: Env): Promise<Contexts> => {
  if (configFolder(where) === undefined) return { current: null, contexts: {} };
  const path = contextsPath(where);
  try {
    const { current, contexts } = ContextsFile.parse(JSON.parse(await readFile(path, 'utf8')));
    return { current, contexts };
  } catch (cause) {
    if (systemError(cause, ['ENOENT']) !== undefined) return { current: null, contexts: {} };
    throw new SlipwayError('CONFIG_INVALID', `${path} cannot be read. Mend it, or remove it and add anew.`, {
      cause,
    });
  }
};

export const writeContexts = async (where: Env, { current, contexts }: Contexts): Promise<void> => {
  const path = contextsPath(where);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.${process.pid}.tmp`;
  const text = `${JSON.stringify({ v: 1, current, contexts }, null, 2)}\n`;
  await writeFile(temporary, text, { mode: 0o600, flush: true });
  await rename(temporary, path);
};

/** @throws {SlipwayError} NOT_FOUND */
export const contextNamed = ({ contexts }: Contexts, name: string): ServerContext => {
  const found = Object.hasOwn(contexts, name) ? contexts[name] : undefined;
  if (found !== undefined) return found;
  const known = Object.keys(contexts).join(', ') || 'none; slipway context add makes one';
  throw new SlipwayError('NOT_FOUND', `There is no context ${name}. There is: ${known}.`);
};

/**
 * Surroundings in which the context counts that is named by `SLIPWAY_CONTEXT` or in use: as if its address and token
 * were in the environment. What is there already goes before it.
 *
 * @throws {SlipwayError} NOT_FOUND, CONFIG_INVALID
 */
export const inContext = async <Where extends Env>(where: Where): Promise<Where> => {
  const { env } = where;
  if (env['SLIPWAY_URL'] !== undefined) return where;
  const named = env['SLIPWAY_CONTEXT'];
  if (named === undefined && env['SLIPWAY_DATA'] !== undefined) return where;
  const known = await readContexts(where);
  const name = named ?? known.current;
  if (name === null) return where;
  const { url, token } = contextNamed(known, name);
  return { ...where, env: { SLIPWAY_TOKEN: token, ...withoutUndefined(env), SLIPWAY_URL: url } };
};

const withoutUndefined = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined));
