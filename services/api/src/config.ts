import { MIN_FREE_BYTES } from '@slipway/fleet';
import { DEFAULT_LIMITS, parseSettings, RetentionLimits } from '@slipway/protocol';
import { z } from 'zod';

const port = z.coerce.number().int().min(0).max(65_535);

const limit = (name: keyof RetentionLimits) =>
  z.coerce.number().pipe(RetentionLimits.shape[name]).default(DEFAULT_LIMITS[name]);

/** The settings of the API, by the names they have in the environment. */
const Environment = z.object({
  SLIPWAY_API_HOST: z.string().default('127.0.0.1'),
  SLIPWAY_API_PORT: port.default(8080),
  SLIPWAY_API_PER_MINUTE: z.coerce.number().int().min(1).default(6000),
  SLIPWAY_API_FAILED_PER_MINUTE: z.coerce.number().int().min(1).default(60),
  SLIPWAY_ENROL_HOST: z.string().default('127.0.0.1'),
  SLIPWAY_ENROL_PORT: port.default(8443),
  SLIPWAY_ENROL_CERT_FILE: z.string(),
  SLIPWAY_ENROL_KEY_FILE: z.string(),
  SLIPWAY_ENROL_PER_MINUTE: z.coerce.number().int().min(1).default(60),
  SLIPWAY_DEVICE_CA_CERT_FILE: z.string(),
  SLIPWAY_DEVICE_CA_KEY_FILE: z.string(),
  SLIPWAY_SERVER_CA_FILE: z.string(),
  SLIPWAY_RELEASE_ROOT_FILE: z.string(),
  SLIPWAY_SIGNING_PROFILES: z.string().optional(),
  /** claims travel over it */
  SLIPWAY_ENROL_URL: z.url({ protocol: /^https$/ }),
  SLIPWAY_DEVICE_MQTT_URL: z.url(),
  SLIPWAY_IMAGES: z.string(),
  SLIPWAY_STORE: z.string(),
  SLIPWAY_CACHE: z.string().optional(),
  SLIPWAY_STORE_MIN_FREE: z.coerce.number().int().min(0).default(MIN_FREE_BYTES),
  SLIPWAY_KEEP_DRAFTS_DAYS: limit('draftsDays'),
  SLIPWAY_KEEP_DRAFTS: limit('keepDrafts'),
  SLIPWAY_KEEP_ARTIFACTS_DAYS: limit('artifactsDays'),
  SLIPWAY_KEEP_LOGS_DAYS: limit('logsDays'),
  SLIPWAY_KEEP_SOURCES_DAYS: limit('sourcesDays'),
  SLIPWAY_KEEP_REPORTS_DAYS: limit('reportsDays'),
  SLIPWAY_KEEP_ROLLOUT_DEVICES_DAYS: limit('rolloutDevicesDays'),
  SLIPWAY_KEEP_WEBHOOK_DELIVERIES_DAYS: limit('webhookDeliveriesDays'),
  SLIPWAY_KEEP_TRIGGER_DELIVERIES_DAYS: limit('triggerDeliveriesDays'),
  SLIPWAY_KEEP_TRIGGER_DELIVERIES: limit('keepTriggerDeliveries'),
  SLIPWAY_KEEP_TOKENS_DAYS: limit('tokensDays'),
  SLIPWAY_KEEP_QUEUES_DAYS: limit('queuesDays'),
  SLIPWAY_EQUAL_BUILDS_SECONDS: z.coerce.number().int().min(0).default(600),
  SLIPWAY_BUILD_ATTEMPTS: z.coerce.number().int().min(1).max(20).default(4),
  SLIPWAY_BUILD_RETRY_SECONDS: z.coerce.number().min(0).default(10),
  SLIPWAY_FETCH_SOURCES_SECONDS: z.coerce.number().int().min(0).max(86_400).default(300),
  SLIPWAY_EXPORTS: z.string().optional(),
  SLIPWAY_DASHBOARD: z.string().optional(),
  SLIPWAY_WEBHOOK_ALLOW: z
    .string()
    .default('')
    .transform((text) => text.split(/[\s,]+/).filter((range) => range !== ''))
    .pipe(z.array(z.union([z.cidrv4(), z.cidrv6(), z.ipv4(), z.ipv6()]))),
  SLIPWAY_WEBHOOK_TIMEOUT_SECONDS: z.coerce.number().min(1).max(60).default(15),
  SLIPWAY_EXAMPLE_IMAGES: z.string().optional(),
  SLIPWAY_VIRTUAL_DEVICES: z.string().optional(),
  SLIPWAY_MAX_VIRTUAL_DEVICES: z.coerce.number().int().min(1).max(16).default(2),
  SLIPWAY_ADMIN_TOKEN_FILE: z.string(),
  SLIPWAY_SECRETS_KEY_FILE: z.string().optional(),
  SLIPWAY_SETUP_TOKEN_FILE: z.string().optional(),
  REDIS_URL: z.string(),
});

export type ApiConfig = {
  /** listener for operators */
  readonly host: string;
  readonly port: number;
  /** requests a minute by one token, and from one address whose token is missing or wrong */
  readonly perMinute?: number;
  readonly failedPerMinute?: number;
  /** listener for devices that enrol, HTTPS; the files hold PEM */
  readonly enrolHost: string;
  readonly enrolPort: number;
  readonly enrolCertFile: string;
  readonly enrolKeyFile: string;
  /** requests a minute from one address */
  readonly enrolPerMinute: number;
  readonly deviceCaCertFile: string;
  readonly deviceCaKeyFile: string;
  /** trust anchors that go into images */
  readonly serverCaFile: string;
  readonly releaseRootFile: string;
  /** of signing profiles other than the default one, `NAME/release-root.pem`; absent: there are none */
  readonly profilesDir?: string | undefined;
  /** as devices reach them: the whole URL of `POST /v1/enrol`, and `mqtts://HOST:PORT` */
  readonly enrolUrl: string;
  readonly deviceMqttUrl: string;
  /** the image repository: `classes/*.yml` and the image files they name */
  readonly imagesDir: string;
  /** the artifact store */
  readonly storeDir: string;
  /** bytes that must be free there for a build to be begun */
  readonly storeMinFreeBytes?: number;
  readonly retention?: RetentionLimits;
  /** where the database is written for a backup, for this user only; absent: it cannot be asked for */
  readonly exportsDir?: string;
  /** the built dashboard, served at `/`; absent: none is */
  readonly dashboardDir?: string | undefined;
  /** of what registries and archives say, for triggers that look at them; absent: `cache` in the store */
  readonly cacheDir?: string | undefined;
  /** an image repository that an empty one may be filled with; absent: there is none */
  readonly exampleImagesDir?: string | undefined;
  /** downloads for components that are packed; absent: `cacheDir` */
  readonly packCacheDir?: string | undefined;
  /** disks of virtual devices that this server starts, for instances on one machine; absent: it starts none */
  readonly virtualDevicesDir?: string | undefined;
  readonly maxVirtualDevices?: number;
  /** how long a build that succeeded is the answer to one that is equal */
  readonly equalBuildsSeconds?: number;
  /** how often a build is tried that fails for a reason that may pass, and how long before the second try; it doubles */
  readonly buildAttempts?: number;
  readonly buildRetrySeconds?: number;
  /** how often the branches of sources are fetched for what their class files name; 0: never for that */
  readonly fetchSourcesSeconds?: number;
  /** ranges of addresses that are not public and that webhooks may be sent to all the same, also by plain http */
  readonly webhookAllow?: readonly string[];
  readonly webhookTimeoutMs?: number;
  /** made with a new token if it is not there */
  readonly adminTokenFile: string;
  /** what secrets in the database are sealed with; absent: `secrets.key` beside the admin token. Made if it is not there */
  readonly secretsKeyFile?: string | undefined;
  /** made while there is no user; absent: `setup-token` beside that of the admin token */
  readonly setupTokenFile?: string | undefined;
  readonly redisUrl: string;
};

/** @throws {SlipwayError} CONFIG_INVALID, naming every setting that is missing or wrong */
export const parseApiConfig = (environment: NodeJS.ProcessEnv): ApiConfig => {
  const data = parseSettings(Environment, environment);
  return {
    host: data.SLIPWAY_API_HOST,
    port: data.SLIPWAY_API_PORT,
    perMinute: data.SLIPWAY_API_PER_MINUTE,
    failedPerMinute: data.SLIPWAY_API_FAILED_PER_MINUTE,
    enrolHost: data.SLIPWAY_ENROL_HOST,
    enrolPort: data.SLIPWAY_ENROL_PORT,
    enrolCertFile: data.SLIPWAY_ENROL_CERT_FILE,
    enrolKeyFile: data.SLIPWAY_ENROL_KEY_FILE,
    enrolPerMinute: data.SLIPWAY_ENROL_PER_MINUTE,
    deviceCaCertFile: data.SLIPWAY_DEVICE_CA_CERT_FILE,
    deviceCaKeyFile: data.SLIPWAY_DEVICE_CA_KEY_FILE,
    serverCaFile: data.SLIPWAY_SERVER_CA_FILE,
    releaseRootFile: data.SLIPWAY_RELEASE_ROOT_FILE,
    profilesDir: data.SLIPWAY_SIGNING_PROFILES,
    enrolUrl: data.SLIPWAY_ENROL_URL,
    deviceMqttUrl: data.SLIPWAY_DEVICE_MQTT_URL,
    imagesDir: data.SLIPWAY_IMAGES,
    storeDir: data.SLIPWAY_STORE,
    cacheDir: data.SLIPWAY_CACHE,
    dashboardDir: data.SLIPWAY_DASHBOARD,
    storeMinFreeBytes: data.SLIPWAY_STORE_MIN_FREE,
    retention: {
      draftsDays: data.SLIPWAY_KEEP_DRAFTS_DAYS,
      keepDrafts: data.SLIPWAY_KEEP_DRAFTS,
      artifactsDays: data.SLIPWAY_KEEP_ARTIFACTS_DAYS,
      logsDays: data.SLIPWAY_KEEP_LOGS_DAYS,
      sourcesDays: data.SLIPWAY_KEEP_SOURCES_DAYS,
      reportsDays: data.SLIPWAY_KEEP_REPORTS_DAYS,
      rolloutDevicesDays: data.SLIPWAY_KEEP_ROLLOUT_DEVICES_DAYS,
      webhookDeliveriesDays: data.SLIPWAY_KEEP_WEBHOOK_DELIVERIES_DAYS,
      triggerDeliveriesDays: data.SLIPWAY_KEEP_TRIGGER_DELIVERIES_DAYS,
      keepTriggerDeliveries: data.SLIPWAY_KEEP_TRIGGER_DELIVERIES,
      tokensDays: data.SLIPWAY_KEEP_TOKENS_DAYS,
      queuesDays: data.SLIPWAY_KEEP_QUEUES_DAYS,
    },
    equalBuildsSeconds: data.SLIPWAY_EQUAL_BUILDS_SECONDS,
    buildAttempts: data.SLIPWAY_BUILD_ATTEMPTS,
    buildRetrySeconds: data.SLIPWAY_BUILD_RETRY_SECONDS,
    fetchSourcesSeconds: data.SLIPWAY_FETCH_SOURCES_SECONDS,
    ...(data.SLIPWAY_EXPORTS === undefined ? {} : { exportsDir: data.SLIPWAY_EXPORTS }),
    exampleImagesDir: data.SLIPWAY_EXAMPLE_IMAGES,
    virtualDevicesDir: data.SLIPWAY_VIRTUAL_DEVICES,
    maxVirtualDevices: data.SLIPWAY_MAX_VIRTUAL_DEVICES,
    webhookAllow: data.SLIPWAY_WEBHOOK_ALLOW,
    webhookTimeoutMs: data.SLIPWAY_WEBHOOK_TIMEOUT_SECONDS * 1000,
    adminTokenFile: data.SLIPWAY_ADMIN_TOKEN_FILE,
    secretsKeyFile: data.SLIPWAY_SECRETS_KEY_FILE,
    setupTokenFile: data.SLIPWAY_SETUP_TOKEN_FILE,
    redisUrl: data.REDIS_URL,
  };
};

/** What a process of its own needs beside; in one process with others that is the others' business. */
const Process = z.object({
  DATABASE_URL: z.url({
    protocol: /^postgres(?:ql)?$/,
    error: 'expected postgres://…; for one machine without a PostgreSQL server use `npm run up`',
  }),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info'),
});

/** @throws {SlipwayError} CONFIG_INVALID */
export const parseProcessConfig = (
  environment: NodeJS.ProcessEnv,
): { readonly databaseUrl: string; readonly logLevel: string } => {
  const data = parseSettings(Process, environment);
  return { databaseUrl: data.DATABASE_URL, logLevel: data.LOG_LEVEL };
};
