import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Layout, ROOT } from './layout.ts';
import type { LocalRedis } from './redis.ts';
import { type Sandbox, sandboxed, unsandboxed } from './sandbox.ts';
import { type Supervised, supervise } from './supervise.ts';

export type Workers = {
  readonly layout: Layout;
  readonly imagesDir: string;
  readonly cacheDir: string;
  readonly redis: LocalRedis;
  readonly isolation: 'isolated' | 'unisolated';
  readonly say: (line: string) => void;
};

const withRedis = ({ redis }: Workers): string[] => (redis.socketDir === undefined ? [] : [redis.socketDir]);

/** Sees inputs and its own results; of what is signed it may read bundles. Needs the network to fetch packages. */
export const builderSandbox = (workers: Workers): Sandbox => {
  const { layout, imagesDir, cacheDir, redis } = workers;
  return {
    readOnly: [
      imagesDir,
      layout.agentBundlesDir,
      layout.bundlesDir,
      layout.sourcesDir,
      ...withRedis(workers),
    ],
    writable: [layout.buildsDir, cacheDir],
    network: true,
    env: {
      SLIPWAY_STORE: layout.storeDir,
      SLIPWAY_CACHE: cacheDir,
      SLIPWAY_IMAGES: imagesDir,
      SLIPWAY_AGENT_BUNDLES: layout.agentBundlesDir,
      REDIS_URL: redis.url,
      ...inherited([
        'SLIPWAY_DEBIAN_MIRROR',
        'SLIPWAY_DEBIAN_SUITE',
        'SLIPWAY_CONCURRENCY',
        'SLIPWAY_STORE_MIN_FREE',
        'LOG_LEVEL',
      ]),
    },
  };
};

/** Sees the keys it signs with, builds to read, and no network but the socket of Redis. */
export const signerSandbox = (workers: Workers): Sandbox => {
  const { layout, redis } = workers;
  return {
    readOnly: [layout.signerKeysDir, layout.buildsDir, ...withRedis(workers)],
    writable: [layout.signerStateDir, layout.bundlesDir],
    network: redis.socketDir === undefined,
    env: {
      SLIPWAY_STORE: layout.storeDir,
      SLIPWAY_SIGNER_KEYS: layout.signerKeysDir,
      SLIPWAY_SIGNER_STATE: layout.signerStateDir,
      REDIS_URL: redis.url,
      ...inherited(['LOG_LEVEL']),
    },
  };
};

/**
 * Sees builds and bundles to read, and starts what is in them; it may write what came out. Its devices and their cloud are
 * on a loopback of their own.
 */
export const qualifierSandbox = (workers: Workers): Sandbox => {
  const { layout, redis } = workers;
  return {
    readOnly: [
      layout.buildsDir,
      layout.bundlesDir,
      layout.qualifierKeysDir,
      layout.serverCaCert,
      layout.secureBootDir,
      layout.profilesDir,
      ...withRedis(workers),
    ],
    writable: [layout.qualificationsDir, layout.qualifierWorkDir],
    network: redis.socketDir === undefined,
    env: {
      SLIPWAY_STORE: layout.storeDir,
      SLIPWAY_QUALIFIER_WORK: layout.qualifierWorkDir,
      SLIPWAY_QUALIFIER_CERT_FILE: layout.qualifierCert,
      SLIPWAY_QUALIFIER_KEY_FILE: layout.qualifierKey,
      SLIPWAY_SERVER_CA_FILE: layout.serverCaCert,
      SLIPWAY_SECURE_BOOT_DIR: layout.secureBootDir,
      SLIPWAY_SIGNING_PROFILES: layout.profilesDir,
      REDIS_URL: redis.url,
      ...inherited(['SLIPWAY_QUALIFIER_MEMORY_MB', 'SLIPWAY_QUALIFIER_STEP_SECONDS', 'LOG_LEVEL']),
    },
  };
};

const inherited = (names: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    names.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );

const startWorker = async (
  workers: Workers,
  name: 'builder' | 'signer' | 'qualifier',
  sandbox: Sandbox,
): Promise<Supervised> => {
  const command = [process.execPath, join(ROOT, 'services', name, 'src', 'main.ts')];
  const isolated = workers.isolation === 'isolated';
  return supervise(
    {
      name,
      logFile: join(workers.layout.logsDir, `${name}.log`),
      ready: new RegExp(`"msg":"${name} is up"`),
      ...(isolated ? { command: sandboxed(sandbox, command), inner: true } : unsandboxed(sandbox, command)),
    },
    workers.say,
  );
};

export const startBuilder = async (workers: Workers): Promise<Supervised> => {
  await mkdir(workers.cacheDir, { recursive: true });
  return startWorker(workers, 'builder', builderSandbox(workers));
};

export const startSigner = async (workers: Workers): Promise<Supervised> => {
  if (workers.redis.socketDir === undefined) {
    workers.say('WARNING: REDIS_URL is not a Unix socket, so the signer runs with network.');
  }
  return startWorker(workers, 'signer', signerSandbox(workers));
};

export const startQualifier = (workers: Workers): Promise<Supervised> =>
  startWorker(workers, 'qualifier', qualifierSandbox(workers));
