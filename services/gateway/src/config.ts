import { readFile } from 'node:fs/promises';
import type { Deadlines } from '@slipway/fleet';
import { DEFAULT_TENANT, parseSettings, SlipwayError, type TenantId } from '@slipway/protocol';
import { z } from 'zod';
import type { EmqxControl } from './broker/emqx.ts';
import type { MosquittoControl } from './broker/mosquitto.ts';

const Environment = z.object({
  SLIPWAY_GATEWAY_MQTT_URL: z.url(),
  SLIPWAY_GATEWAY_CLIENT_ID: z.string().default('gateway'),
  SLIPWAY_GATEWAY_CA_FILE: z.string().optional(),
  SLIPWAY_GATEWAY_CERT_FILE: z.string().optional(),
  SLIPWAY_GATEWAY_KEY_FILE: z.string().optional(),
  SLIPWAY_GATEWAY_SHARE_GROUP: z
    .string()
    .regex(/^[A-Za-z0-9_-]{16,}$/)
    .optional(),
  SLIPWAY_BROKER_CRL_FILE: z.string().optional(),
  SLIPWAY_BROKER_PID_FILE: z.string().optional(),
  SLIPWAY_BROKER_API_URL: z.url({ protocol: /^https?$/ }).optional(),
  SLIPWAY_BROKER_API_KEY_FILE: z.string().optional(),
  SLIPWAY_STORE: z.string(),
  REDIS_URL: z.string(),
});

export type GatewayConfig = {
  /** `mqtts://HOST:PORT`; `mqtt:` only towards a broker that is not reachable from elsewhere */
  readonly mqttUrl: string;
  /** one per gateway; its session at the broker outlives a restart */
  readonly clientId: string;
  /** PEM files: whom to trust as broker, and the certificate with the common name `gateway` */
  readonly tls?: { readonly caFile: string; readonly certFile: string; readonly keyFile: string };
  /**
   * Name of the shared subscription, a secret: the broker lets any client join a group whose name it knows and would
   * give it a share of the reports. The same for all gateways; absent: made from the private key.
   */
  readonly shareGroup?: string;
  readonly tenant: TenantId;
  /** the artifact store, whose bundles are streamed */
  readonly storeDir: string;
  readonly redisUrl: string;
  /** how devices are let out; absent: their sessions end, but the broker lets them in again until their certificates end */
  readonly broker?: MosquittoControl | EmqxControl;
  /** how long an execution may stay in a state; absent: as `DEADLINES_MS` */
  readonly deadlines?: Deadlines;
};

/** @throws {SlipwayError} CONFIG_INVALID, naming every setting that is missing or wrong */
export const parseGatewayConfig = (environment: NodeJS.ProcessEnv): GatewayConfig => {
  const data = parseSettings(Environment, environment);
  const base = {
    mqttUrl: data.SLIPWAY_GATEWAY_MQTT_URL,
    clientId: data.SLIPWAY_GATEWAY_CLIENT_ID,
    tenant: DEFAULT_TENANT,
    storeDir: data.SLIPWAY_STORE,
    redisUrl: data.REDIS_URL,
    ...(data.SLIPWAY_GATEWAY_SHARE_GROUP === undefined
      ? {}
      : { shareGroup: data.SLIPWAY_GATEWAY_SHARE_GROUP }),
    ...brokerOf(data),
  };
  const [caFile, certFile, keyFile] = [
    data.SLIPWAY_GATEWAY_CA_FILE,
    data.SLIPWAY_GATEWAY_CERT_FILE,
    data.SLIPWAY_GATEWAY_KEY_FILE,
  ];
  if (!base.mqttUrl.startsWith('mqtts:')) return base;
  if (caFile === undefined || certFile === undefined || keyFile === undefined) {
    throw new SlipwayError(
      'CONFIG_INVALID',
      'An mqtts: URL needs SLIPWAY_GATEWAY_CA_FILE, SLIPWAY_GATEWAY_CERT_FILE and SLIPWAY_GATEWAY_KEY_FILE.',
    );
  }
  return { ...base, tls: { caFile, certFile, keyFile } };
};

const brokerOf = (data: z.infer<typeof Environment>): Pick<GatewayConfig, 'broker'> => {
  const [revocationFile, pidFile] = [data.SLIPWAY_BROKER_CRL_FILE, data.SLIPWAY_BROKER_PID_FILE];
  const [apiUrl, apiKeyFile] = [data.SLIPWAY_BROKER_API_URL, data.SLIPWAY_BROKER_API_KEY_FILE];
  if (apiUrl !== undefined && apiKeyFile !== undefined)
    return { broker: { kind: 'emqx', apiUrl, apiKeyFile } };
  if (revocationFile !== undefined && pidFile !== undefined) {
    const reload = async (): Promise<void> => {
      process.kill(Number((await readFile(pidFile, 'utf8')).trim()), 'SIGHUP');
    };
    return { broker: { kind: 'mosquitto', revocationFile, reload } };
  }
  if ([revocationFile, pidFile, apiUrl, apiKeyFile].every((setting) => setting === undefined)) return {};
  throw new SlipwayError(
    'CONFIG_INVALID',
    'For mosquitto set SLIPWAY_BROKER_CRL_FILE and SLIPWAY_BROKER_PID_FILE, for EMQX SLIPWAY_BROKER_API_URL and SLIPWAY_BROKER_API_KEY_FILE.',
  );
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
