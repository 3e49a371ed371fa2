import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { LoadOptions, Registries } from '../registries.ts';
import { readRegistries } from './config.ts';
import { createConnections } from './connections.ts';
import { findCredentials, type Credentials } from './credentials.ts';
import { DEFAULT_RETRY } from './retry.ts';

/** See {@link loadRegistries}, which loads this file only when it is needed. */
export const readAndConnect = async (options: LoadOptions): Promise<Registries> => {
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
