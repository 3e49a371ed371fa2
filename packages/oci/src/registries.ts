import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { readRegistries, type RegistriesConfig } from './registry/config.ts';
import { createConnections, type Connections } from './registry/connections.ts';
import { findCredentials, type Credentials, type Environment } from './registry/credentials.ts';
import type { Greeting } from './registry/greet.ts';
import { DEFAULT_RETRY, type RetryPolicy } from './registry/retry.ts';
import type { Token } from './registry/token.ts';

/**
 * Everything about registries that one build shares: configuration, connections, credentials, tokens, and what is just
 * being fetched. Made once and passed to every {@link openImage}, it saves a handshake and a token per image.
 */
export type Registries = {
  readonly config: RegistriesConfig;
  readonly connections: Connections;
  readonly retry: RetryPolicy;
  readonly credentialsFor: (host: string, repository: string) => Promise<Credentials | undefined>;
  readonly greetings: Map<string, Promise<Greeting>>;
  readonly tokens: Map<string, Promise<Token>>;
  /** by folder and digest */
  readonly transfers: Map<string, Promise<void>>;
};

export type LoadOptions = {
  /** the image repository, which may hold a `registries.yml` */
  readonly baseDir?: string | undefined;
  /** absent: of this process */
  readonly environment?: Environment | undefined;
  readonly home?: string | undefined;
  readonly retry?: Partial<RetryPolicy> | undefined;
};

/**
 * Reads the file `SLIPWAY_REGISTRIES` names; without it `registries.yml` beside the image file, then that of the user.
 *
 * @throws {SlipwayError} REGISTRIES_INVALID, REGISTRY_INSECURE
 */
export const loadRegistries = async (options: LoadOptions = {}): Promise<Registries> => {
  const { baseDir, environment = process.env, home = homedir(), retry } = options;
  const { SLIPWAY_REGISTRIES, XDG_CONFIG_HOME } = environment;
  const own = join(XDG_CONFIG_HOME || join(home, '.config'), 'slipway', 'registries.yml');
  const config = await readRegistries(
    SLIPWAY_REGISTRIES
      ? [{ file: resolve(SLIPWAY_REGISTRIES), needed: true }]
      : [...(baseDir === undefined ? [] : [join(baseDir, 'registries.yml')]), own].map((file) => ({
          file,
          needed: false,
        })),
  );
  const credentials = new Map<string, Promise<Credentials | undefined>>();
  return {
    config,
    connections: createConnections(config, environment, home),
    retry: { ...DEFAULT_RETRY, ...retry },
    credentialsFor: async (host, repository) => {
      const key = `${host}/${repository}`;
      const known = credentials.get(key) ?? findCredentials(host, repository, environment, home);
      credentials.set(key, known);
      return known;
    },
    greetings: new Map(),
    tokens: new Map(),
    transfers: new Map(),
  };
};
