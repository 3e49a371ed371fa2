import { messageOf, SlipwayError } from '@slipway/protocol';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { askHelper } from './credential-helper.ts';
import { canonicalHost, HUB, HUB_CREDENTIALS } from './host.ts';

export type Credentials =
  | { readonly type: 'password'; readonly username: string; readonly password: string }
  /** from `docker login` where the server gives one: exchanged for tokens */
  | { readonly type: 'identity'; readonly token: string }
  /** sent as it is */
  | { readonly type: 'registry'; readonly token: string };

export type Environment = Readonly<Record<string, string | undefined>>;

const optional = z.string().optional();
/** `config.json` of docker, `auth.json` of podman and skopeo; other keys are theirs. */
const ConfigFile = z.object({
  auths: z
    .record(
      z.string(),
      z.object({
        auth: optional,
        username: optional,
        password: optional,
        identitytoken: optional,
        registrytoken: optional,
      }),
    )
    .nullish(),
  credHelpers: z.record(z.string(), z.string()).nullish(),
  credsStore: z.string().nullish(),
});
type ConfigFile = z.infer<typeof ConfigFile>;

/** The files that may hold credentials; the first that has some for a registry is taken. */
export const credentialFiles = (environment: Environment, home: string): readonly string[] => {
  const { REGISTRY_AUTH_FILE, DOCKER_CONFIG, XDG_RUNTIME_DIR, XDG_CONFIG_HOME } = environment;
  if (REGISTRY_AUTH_FILE) return [REGISTRY_AUTH_FILE];
  return [
    ...(DOCKER_CONFIG ? [join(DOCKER_CONFIG, 'config.json')] : []),
    ...(XDG_RUNTIME_DIR ? [join(XDG_RUNTIME_DIR, 'containers', 'auth.json')] : []),
    join(XDG_CONFIG_HOME || join(home, '.config'), 'containers', 'auth.json'),
    ...(DOCKER_CONFIG ? [] : [join(home, '.docker', 'config.json')]),
  ];
};

const failed = (file: string, message: string, cause?: unknown): SlipwayError =>
  new SlipwayError('CREDENTIALS_FAILED', `${file}: ${message}`, { cause, details: { file } });

const readConfig = async (file: string): Promise<ConfigFile | undefined> => {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
      return undefined;
    throw failed(file, `cannot be read: ${messageOf(error)}`, error);
  }
  if (text.trim() === '') return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's message may quote a secret.
    throw failed(file, 'expected JSON; mend it or log in again');
  }
  const result = ConfigFile.safeParse(value);
  if (result.success) return result.data;
  const path = result.error.issues[0]?.path.join('.') ?? '';
  throw failed(file, `${path} has another form than docker or podman writes; log in again`);
};

/** `https://HOST/v1/` as docker wrote it once, `HOST/namespace` as podman does; both without the scheme. */
const normalised = (key: string): string => {
  const bare = key
    .replace(/^https?:\/\//, '')
    .replace(/\/v[12]\/?$/, '')
    .replace(/\/+$/, '');
  const [host = '', ...path] = bare.split('/');
  return [canonicalHost(host), ...path].join('/');
};

/** From the most specific to the host alone. */
const scopes = (host: string, repository: string): readonly string[] => {
  const parts = [canonicalHost(host), ...repository.split('/')];
  return parts.map((_part, index) => parts.slice(0, parts.length - index).join('/'));
};

const fromAuths = (
  file: string,
  auths: NonNullable<ConfigFile['auths']>,
  host: string,
  repository: string,
): Credentials | undefined => {
  for (const scope of scopes(host, repository)) {
    const [key, entry] = Object.entries(auths).find(([name]) => normalised(name) === scope) ?? [];
    if (entry === undefined) continue;
    if (entry.identitytoken) return { type: 'identity', token: entry.identitytoken };
    if (entry.registrytoken) return { type: 'registry', token: entry.registrytoken };
    if (entry.auth) {
      const [, username, password] =
        /^([^:]*):([^]*)$/.exec(Buffer.from(entry.auth, 'base64').toString('utf8')) ?? [];
      if (username === undefined || password === undefined)
        throw failed(file, `auths.${key}.auth: expected base64 of USER:PASSWORD; log in again`);
      // Docker pads with NUL.
      return { type: 'password', username, password: password.replace(/\0+$/, '') };
    }
    if (entry.username && entry.password)
      return { type: 'password', username: entry.username, password: entry.password };
  }
  return undefined;
};

/**
 * The credentials for a repository, from where docker and podman keep them.
 *
 * @returns undefined: there are none, so the registry is asked as anybody
 * @throws {SlipwayError} CREDENTIALS_FAILED
 */
export const findCredentials = async (
  host: string,
  repository: string,
  environment: Environment,
  home: string,
): Promise<Credentials | undefined> => {
  for (const file of credentialFiles(environment, home)) {
    const config = await readConfig(file);
    if (config === undefined) continue;
    const name = canonicalHost(host);
    const server = name === HUB ? HUB_CREDENTIALS : host;
    const [, helper] =
      Object.entries(config.credHelpers ?? {}).find(([key]) => normalised(key) === name) ?? [];
    for (const program of [helper, config.credsStore]) {
      if (!program) continue;
      const found = await askHelper(program, server, environment, file);
      if (found !== undefined) return found;
    }
    const found = fromAuths(file, config.auths ?? {}, host, repository);
    if (found !== undefined) return found;
  }
  return undefined;
};
