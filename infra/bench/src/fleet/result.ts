import { z } from 'zod';

export const SERVERS = ['gateway', 'api', 'broker', 'database', 'redis'] as const;
export type Server = (typeof SERVERS)[number];

const ofEach = (what: string) => z.record(z.enum(SERVERS), z.number()).describe(what);

/** A stretch of time. */
export const Phase = z.object({
  seconds: z.number(),
  cpuSeconds: ofEach('of a processor, of each kind of server'),
  simulatorCpuSeconds: z.number(),
  busiest: z.object({
    name: z.string(),
    share: z
      .number()
      .describe('of one processor; a gateway, broker or process of devices has no more than one'),
  }),
  machineIdle: z.number().describe('share of all processors that nobody used'),
});
export type Phase = z.infer<typeof Phase>;

export const Size = z.object({
  devices: z.int(),
  connectSeconds: z.number().describe('until those that were added were connected and known as online'),
  phase: Phase,
  memoryBytes: ofEach('proportional set size of each kind of server'),
});
export type Size = z.infer<typeof Size>;

export const Figure = z.object({
  name: z.string(),
  value: z.number(),
  unit: z.string(),
  goal: z.object({ kind: z.enum(['atLeast', 'atMost']), value: z.number() }),
  isMet: z.boolean(),
  note: z.string(),
});
export type Figure = z.infer<typeof Figure>;

/** What `npm run bench -- fleet --json FILE` writes. */
export const FleetBench = z.object({
  v: z.literal(1),
  bench: z.literal('fleet'),
  at: z.iso.datetime(),
  database: z.string().describe('engine and version'),
  processors: z.int(),
  devices: z.int(),
  gateways: z.int(),
  mutualTls: z.int().describe('devices with a certificate of their own'),
  figures: z.array(Figure),
  sizes: z.array(Size),
  rollout: z.object({
    devices: z.int(),
    offeredSeconds: z.number(),
    settledSeconds: z.number(),
    mostInFlight: z.int(),
    doubleInstalls: z.int(),
    phase: Phase,
  }),
  thresholds: z.object({
    failureThreshold: z.int(),
    maxInFlight: z.int(),
    failed: z.int(),
    mostInFlight: z.int(),
    offersAfter: z.int().describe('more than a second after the failure that stops the rollout was recorded'),
  }),
  reports: z
    .object({
      perSecond: z.number().describe('acknowledged by the server, which it does after the commit'),
      acknowledged: z.int(),
      inDatabase: z.int(),
      milliseconds: z.object({ p50: z.number(), p99: z.number() }).describe('until the acknowledgement'),
      phase: Phase,
    })
    .optional(),
  restart: z.object({
    seconds: z.number().describe('from the end of the broker until every device was connected and recorded'),
    mostInASecond: z.int().describe('devices that came back'),
    phase: Phase,
  }),
  rows: z
    .object({
      devices: z.int(),
      queries: z.array(
        z.object({ query: z.string(), ms: z.number().describe('median of five; a page of 100') }),
      ),
      planner: z.object({ decisions: z.int(), medianMs: z.number(), worstMs: z.number(), offers: z.int() }),
    })
    .optional(),
});
export type FleetBench = z.infer<typeof FleetBench>;
