import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { messageOf, SlipwayError } from '@slipway/protocol';
import { z } from 'zod';
import { ROOT } from './layout.ts';
import type { StartLocal } from './start.ts';

export const HELP = `npm run up -- [options]

Starts Slipway on this machine, on loopback, until Ctrl-C.

  --data DIR         everything it keeps (SLIPWAY_DATA; default .slipway/local)
  --images DIR       the image repository (SLIPWAY_IMAGES; default infra/demo/images)
  --cache DIR        downloads of the builder (SLIPWAY_CACHE; default DATA/cache)
  --api-port N       HTTP API (SLIPWAY_API_PORT)
  --enrol-port N     enrolment of devices, HTTPS (SLIPWAY_ENROL_PORT)
  --mqtt-port N      MQTT of devices, TLS (SLIPWAY_MQTT_PORT)
  --sim-listener N   a second MQTT port without TLS for simulated devices, which are who they say; off unless asked for
  --device-host H    how devices reach this machine (SLIPWAY_DEVICE_HOST; default 10.0.2.2, QEMU's user network)
  --json             print where it runs as JSON once it is up
  --help

Ports are chosen free at the first start and kept. REDIS_URL and DATABASE_URL (PostgreSQL) select servers of your own.
SLIPWAY_ALLOW_UNISOLATED=1 lets builder and signer run without a sandbox where bubblewrap does not work.
`;

export type Options = { readonly help: boolean; readonly json: boolean; readonly start: StartLocal };

const Settings = z.object({
  data: z.string().min(1),
  images: z.string().min(1),
  cache: z.string().min(1).optional(),
  'api-port': z.coerce.number().int().min(1).max(65_535).optional(),
  'enrol-port': z.coerce.number().int().min(1).max(65_535).optional(),
  'mqtt-port': z.coerce.number().int().min(1).max(65_535).optional(),
  'sim-listener': z.coerce.number().int().min(1).max(65_535).optional(),
  'device-host': z
    .string()
    .regex(/^[A-Za-z0-9.-]+$/)
    .optional(),
});

const readFlags = (args: readonly string[]) => {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  try {
    return parseArgs({
      args: [...args],
      options: {
        data: text,
        images: text,
        cache: text,
        'api-port': text,
        'enrol-port': text,
        'mqtt-port': text,
        'sim-listener': text,
        'device-host': text,
        json: flag,
        help: { ...flag, short: 'h' },
      },
    }).values;
  } catch (error) {
    throw new SlipwayError('USAGE', `${messageOf(error)}\n\n${HELP}`, { cause: error });
  }
};

/** @throws {SlipwayError} USAGE */
export const parseOptions = (args: readonly string[], env: NodeJS.ProcessEnv): Options => {
  const flags = readFlags(args);
  const result = Settings.safeParse({
    data: flags.data ?? env['SLIPWAY_DATA'] ?? join(ROOT, '.slipway', 'local'),
    images: flags.images ?? env['SLIPWAY_IMAGES'] ?? join(ROOT, 'infra', 'demo', 'images'),
    cache: flags.cache ?? env['SLIPWAY_CACHE'],
    'api-port': flags['api-port'] ?? env['SLIPWAY_API_PORT'],
    'enrol-port': flags['enrol-port'] ?? env['SLIPWAY_ENROL_PORT'],
    'mqtt-port': flags['mqtt-port'] ?? env['SLIPWAY_MQTT_PORT'],
    'sim-listener': flags['sim-listener'],
    'device-host': flags['device-host'] ?? env['SLIPWAY_DEVICE_HOST'],
  });
  if (!result.success) {
    const problems = result.error.issues.map(({ path, message }) => `--${path.join('.')}: ${message}`);
    throw new SlipwayError('USAGE', `${problems.join('\n')}\n\n${HELP}`);
  }
  const { data } = result;
  const [api, enrol, mqtt] = [data['api-port'], data['enrol-port'], data['mqtt-port']];
  const [redisUrl, databaseUrl] = [env['REDIS_URL'], env['DATABASE_URL']];
  return {
    help: flags.help,
    json: flags.json,
    start: {
      dataDir: data.data,
      imagesDir: data.images,
      ports: {
        ...(api === undefined ? {} : { api }),
        ...(enrol === undefined ? {} : { enrol }),
        ...(mqtt === undefined ? {} : { mqtt }),
      },
      allowUnisolated: env['SLIPWAY_ALLOW_UNISOLATED'] === '1',
      ...(data['sim-listener'] === undefined ? {} : { simListener: data['sim-listener'] }),
      ...(data.cache === undefined ? {} : { cacheDir: data.cache }),
      ...(data['device-host'] === undefined ? {} : { deviceHost: data['device-host'] }),
      ...(redisUrl === undefined ? {} : { redisUrl }),
      ...(databaseUrl === undefined ? {} : { databaseUrl }),
    },
  };
};
