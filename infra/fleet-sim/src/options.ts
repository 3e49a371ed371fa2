import {
  Arch,
  ClassName,
  DEFAULT_TENANT,
  DeviceId,
  isTimeZone,
  TenantId,
  TimeZone,
  Version,
} from '@slipway/protocol';
import { z } from 'zod';

const share = z.number().min(0).max(1);

/** What goes wrong, and how often. Which devices it meets follows from the seed. */
export const Faults = z.strictObject({
  /** probability that a connection is cut within a minute */
  dropsPerMinute: share.default(0),
  /** bytes per second of a download; each device has its own rate between the two. Absent: as fast as it goes */
  rate: z.strictObject({ min: z.number().min(1), max: z.number().min(1) }).optional(),
  /** share of devices on which a release does not pass its gates */
  rollBack: share.default(0),
  /** share on which the kernel of a release panics */
  panic: share.default(0),
  /** share that refuses a release because its signature is not right */
  refuse: share.default(0),
  /** of the releases that this happens to; absent: every one */
  versions: z.array(Version).optional(),
  /** share of devices whose clock is off, and by how many seconds at most, either way */
  skewed: share.default(0),
  skewSeconds: z.number().min(0).default(0),
  /** of a rollout with mode soft: shares of devices where somebody refuses it, defers it once, accepts it */
  declines: share.default(0),
  defers: share.default(0),
  /** real seconds, since the agent counts them by its clock */
  deferSeconds: z.number().min(1).default(60),
  accepts: share.default(0),
});
export type Faults = z.infer<typeof Faults>;

/** What a device is enrolled as, for a connection with a certificate. */
export const SimIdentity = z.strictObject({
  deviceId: DeviceId,
  /** PEM */
  key: z.string(),
  certificate: z.string(),
});
export type SimIdentity = z.infer<typeof SimIdentity>;

export const SimOptions = z.strictObject({
  /** `mqtt://HOST:PORT` of a listener that takes the client id for who a device is, or `mqtts://…` */
  mqttUrl: z.url({ protocol: /^mqtts?$/ }),
  names: z.array(DeviceId),
  /** those that connect with a certificate, besides `names` */
  mutualTls: z
    .strictObject({
      url: z.url({ protocol: /^mqtts$/ }),
      /** PEM: by which the broker is known */
      ca: z.string(),
      identities: z.array(SimIdentity),
    })
    .optional(),
  tenant: TenantId.default(DEFAULT_TENANT),
  deviceClass: ClassName,
  arch: Arch.default('amd64'),
  /** that runs at first */
  version: Version.default('0.1.0'),
  /** each device is in one of them, by the seed */
  zones: z.array(TimeZone.refine(isTimeZone, 'no time zone of this machine')).min(1).default(['UTC']),
  /** connections begun in a second, by the whole fleet, at the start */
  connectsPerSecond: z.number().positive().default(500),
  /** seconds between two telemetry messages of a device; 0: none but those that a device must send */
  telemetrySeconds: z.number().int().min(0).default(30),
  keepaliveSeconds: z.number().int().min(1).default(30),
  /** how much of a bundle is asked for */
  download: z.enum(['full', 'first-block', 'none']).default('first-block'),
  /** real seconds that a download takes at least, whatever `speed` says */
  downloadSeconds: z.number().min(0).default(0),
  /** seconds that a boot takes, and that gates must hold; divided by `speed` */
  bootSeconds: z.number().min(0).default(20),
  stableSeconds: z.number().min(0).default(10),
  /** how much faster than a real device; null: at once */
  speed: z.number().positive().nullable().default(1),
  seed: z.int().default(1),
  faults: Faults.prefault({}),
  /** keep every report that the server acknowledges, to be compared with what it knows */
  keepReports: z.boolean().default(false),
});
export type SimOptions = z.infer<typeof SimOptions>;

/** `sim-00000`, `sim-00001`, … */
export const simNames = (prefix: string, count: number, from = 0): DeviceId[] =>
  Array.from({ length: count }, (_, at) => DeviceId.parse(`${prefix}${String(from + at).padStart(5, '0')}`));
