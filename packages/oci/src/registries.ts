import type { RegistriesConfig } from './registry/config.ts';
import type { Connections } from './registry/connections.ts';
import type { Credentials, Environment } from './registry/credentials.ts';
import type { Greeting } from './registry/greet.ts';
import type { RetryPolicy } from './registry/retry.ts';
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
  // Builds without registries, which are many, do not pay for an HTTP client.
  const { readAndConnect } = await import('./registry/load-registries.ts');
  return readAndConnect(options);
};
