import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parseSettings, SlipwayError } from '@slipway/protocol';
import { z } from 'zod';

/** The settings of the signer, by the names they have in the environment. */
const Environment = z.object({
  SLIPWAY_STORE: z.string(),
  SLIPWAY_SIGNER_KEYS: z.string(),
  SLIPWAY_SIGNER_STATE: z.string().optional(),
  REDIS_URL: z.string(),
});

export type SignerConfig = {
  /** the artifact store */
  readonly storeDir: string;
  /** `leaf.key.pem`, `leaf.pem`, `intermediate.pem`, `root.pem`, and the same in `profiles/NAME`; nobody else may read it */
  readonly keysDir: string;
  /** the log of what was signed, and copies of what is being checked; nobody else may write it */
  readonly stateDir: string;
  readonly redisUrl: string;
};

/** @throws {SlipwayError} CONFIG_INVALID, naming every setting that is missing or wrong */
export const parseSignerConfig = (environment: NodeJS.ProcessEnv): SignerConfig => {
  const data = parseSettings(Environment, environment);
  return {
    storeDir: data.SLIPWAY_STORE,
    keysDir: data.SLIPWAY_SIGNER_KEYS,
    stateDir: data.SLIPWAY_SIGNER_STATE ?? join(data.SLIPWAY_SIGNER_KEYS, '..', 'state'),
    redisUrl: data.REDIS_URL,
  };
};

/** @throws {SlipwayError} CONFIG_INVALID where group or others have any right on the directory */
export const assertPrivate = async (directory: string): Promise<void> => {
  const { mode } = await stat(directory).catch((error: unknown) => {
    throw new SlipwayError('CONFIG_INVALID', `Expected the directory ${directory}; it cannot be read.`, {
      cause: error,
    });
  });
  if ((mode & 0o077) === 0) return;
  throw new SlipwayError(
    'CONFIG_INVALID',
    `${directory} holds signing keys; expected mode 0700, found 0${(mode & 0o777).toString(8)}. Run chmod 700 ${directory}.`,
  );
};
