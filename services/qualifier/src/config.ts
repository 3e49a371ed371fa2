import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { parseSettings } from '@slipway/protocol';
import { z } from 'zod';

/** The settings of the qualifier, by the names they have in the environment. */
const Environment = z.object({
  SLIPWAY_STORE: z.string(),
  SLIPWAY_QUALIFIER_WORK: z.string(),
  SLIPWAY_QUALIFIER_CERT_FILE: z.string(),
  SLIPWAY_QUALIFIER_KEY_FILE: z.string(),
  SLIPWAY_SERVER_CA_FILE: z.string(),
  SLIPWAY_SECURE_BOOT_DIR: z.string().optional(),
  SLIPWAY_SIGNING_PROFILES: z.string().optional(),
  SLIPWAY_QUALIFIER_NAME: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, 'letters, digits, dots and hyphens, at most 63')
    .optional(),
  SLIPWAY_QUALIFIER_MEMORY_MB: z.coerce.number().int().min(128).default(1024),
  SLIPWAY_QUALIFIER_STEP_SECONDS: z.coerce.number().int().min(60).default(2700),
  SLIPWAY_STALLED_MS: z.coerce.number().int().min(100).default(15_000),
  REDIS_URL: z.string(),
});

export type QualifierConfig = {
  /** the artifact store */
  readonly storeDir: string;
  /** of this worker alone: disks of virtual devices, as large as those of the classes */
  readonly workDir: string;
  /** PEM: a server certificate for `CLOUD_ADDRESS`, of the authority that images trust, and its key */
  readonly certFile: string;
  readonly keyFile: string;
  readonly serverCaFile: string;
  /** public: `PK.pem`, `KEK.pem`, `db.pem`; absent: classes with Secure Boot are skipped */
  readonly secureBootDir?: string | undefined;
  /** public: `NAME/secure-boot` of each other signing profile */
  readonly profilesDir?: string | undefined;
  /** name of this worker, unlike that of any other */
  readonly worker: string;
  /** of a virtual device */
  readonly memoryMb: number;
  /** after which a step has failed */
  readonly stepSeconds: number;
  /** how often the queue looks for jobs of workers that died */
  readonly stalledMs: number;
  readonly redisUrl: string;
};

/** @throws {SlipwayError} CONFIG_INVALID, naming every setting that is missing or wrong */
export const parseQualifierConfig = (environment: NodeJS.ProcessEnv): QualifierConfig => {
  const data = parseSettings(Environment, environment);
  return {
    storeDir: data.SLIPWAY_STORE,
    workDir: data.SLIPWAY_QUALIFIER_WORK,
    certFile: data.SLIPWAY_QUALIFIER_CERT_FILE,
    keyFile: data.SLIPWAY_QUALIFIER_KEY_FILE,
    serverCaFile: data.SLIPWAY_SERVER_CA_FILE,
    secureBootDir: data.SLIPWAY_SECURE_BOOT_DIR,
    profilesDir: data.SLIPWAY_SIGNING_PROFILES,
    // Two with the same name, one after the other or by mistake at once, are still two.
    worker: `${data.SLIPWAY_QUALIFIER_NAME ?? hostname()}-${randomBytes(3).toString('hex')}`,
    memoryMb: data.SLIPWAY_QUALIFIER_MEMORY_MB,
    stepSeconds: data.SLIPWAY_QUALIFIER_STEP_SECONDS,
    stalledMs: data.SLIPWAY_STALLED_MS,
    redisUrl: data.REDIS_URL,
  };
};
