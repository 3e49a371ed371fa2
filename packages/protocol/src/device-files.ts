import { z } from 'zod';
import { BootLoader, TrybootPartitions, UBootEnvironment } from './boot-control.ts';
import { Arch, ClassName, DeviceId, ReleaseId, Serial, TenantId, Version } from './ids.ts';
import { TimeZone } from './time-zone.ts';

/** The files an image carries for the agent, written by the builder and read by the agent. */
export const AGENT_CONFIG_PATH = '/etc/slipway/agent.json';
export const RELEASE_PATH = '/etc/slipway/release.json';
export const HEALTH_PATH = '/etc/slipway/health.json';
export const RELEASE_ROOT_PATH = '/etc/slipway/trust/release-root.pem';
export const SERVER_CA_PATH = '/etc/slipway/trust/server-ca.pem';

/** On the ESP of a disk, put there by `slipway provision`; the agent deletes it once it is enrolled. */
export const CLAIM_ESP_PATH = 'slipway/claim.json';
export const Claim = z.object({
  v: z.literal(1),
  token: z.string().min(16),
  /** serial number, for claims of a batch; absent: what the firmware says */
  serial: Serial.optional(),
});
export type Claim = z.infer<typeof Claim>;

/** On the ESP of a disk, put there in the factory: an identity that needs no claim. The agent takes it over and removes it. */
export const IDENTITY_ESP_PATH = 'slipway/identity.json';
export const FactoryIdentity = z.object({
  v: z.literal(1),
  deviceId: DeviceId,
  tenant: TenantId,
  /** PEM: the certificate of the device, then its intermediates */
  certificate: z.string().max(16_384),
  /** PEM, PKCS #8, P-256 */
  key: z.string().max(8192),
  mqttUrl: z.url(),
  /** seconds since 1970, by the clock of the server; half the life of the certificate is counted from here */
  issuedAt: z.int().min(0).optional(),
});
export type FactoryIdentity = z.infer<typeof FactoryIdentity>;

/** On the ESP: a person asks for a factory reset; the content does not matter. */
export const RESET_ESP_PATH = 'slipway/reset';
/** On the ESP: the agent is forgetting its identity and state; the data of applications stays. */
export const FORGET_ESP_PATH = 'slipway/forget';
/** On the ESP: a factory reset is under way; `/data` is made anew before it is mounted, then this goes. */
export const WIPE_ESP_PATH = 'slipway/wipe';

/** How the device treats its link; what is left out falls back to `LINK_DEFAULTS`. Rates are bytes per second. */
export const LinkPolicy = z.object({
  /** auto: by the interface that the default route goes over */
  metered: z.enum(['auto', 'always', 'never']).optional(),
  /** interfaces that count as metered; a name, or its beginning and `*` */
  interfaces: z.array(z.string().min(1).max(16)).optional(),
  /** of a download while the link is metered, and while it is not */
  maxRate: z.int().min(1024).optional(),
  maxRateUnmetered: z.int().min(1024).optional(),
  /** seconds; ten times as long while the link is metered */
  telemetryInterval: z.int().min(10).max(86_400).optional(),
  /** bytes of logs sent on demand per day */
  logBudgetPerDay: z.int().min(0).optional(),
});
export type LinkPolicy = z.infer<typeof LinkPolicy>;

export const LINK_DEFAULTS = {
  metered: 'auto',
  interfaces: ['wwan*', 'ppp*', 'wwp*'],
  telemetryInterval: 30,
  logBudgetPerDay: 16 * 1024 * 1024,
} as const satisfies LinkPolicy;

/** A program that an operator may have run on the device; nothing that is not listed can be. */
export const Diagnostic = z.object({
  name: z.string().regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/, 'lower-case letters, digits and hyphens'),
  command: z.array(z.string()).min(1),
  /** seconds */
  timeout: z.int().min(1).max(300).optional(),
});
export type Diagnostic = z.infer<typeof Diagnostic>;

export const AgentConfig = z.object({
  v: z.literal(1),
  enrolUrl: z.url(),
  /** absent: systemd-boot */
  bootControl: BootLoader.optional(),
  /** absent: the files of `U_BOOT_ESP_FILES` */
  uBootEnvironment: UBootEnvironment.optional(),
  /** absent: 2 and 3 */
  trybootPartitions: TrybootPartitions.optional(),
  /** POSIX `TZ` such as `CET-1CEST,M3.5.0,M10.5.0/3`, for maintenance windows; absent: `UTC0` */
  timeZone: z.string().min(1).max(64).optional(),
  /** what people call it, such as `Europe/Vienna`; absent: only the rule was given, or it is UTC */
  timeZoneName: TimeZone.optional(),
  link: LinkPolicy.optional(),
  diagnostics: z.array(Diagnostic).optional(),
  /**
   * Whether a command may take the device back to what it ran before, below its floor. Commands are not signed, so whoever
   * holds the broker could take a fleet back to a release with a known hole; absent: false.
   */
  remoteRollback: z.boolean().optional(),
});
export type AgentConfig = z.infer<typeof AgentConfig>;

/** What the booted root says of itself. Its root hash stands on the kernel command line as `slipway.roothash=`. */
export const ReleaseFile = z.object({
  v: z.literal(1),
  release: ReleaseId,
  version: Version,
  counter: z.int().min(1),
  deviceClass: ClassName,
  arch: Arch,
  timeFloor: z.int().min(0),
});
export type ReleaseFile = z.infer<typeof ReleaseFile>;

/** Of every probe; an agent that does not know them yet uses its own. Seconds. */
const timing = {
  /** until a probe that does not answer has failed; by default 10 */
  timeout: z.int().min(1).max(60).optional(),
  /** from one probe to the next; absent: as often as the agent looks */
  interval: z.int().min(1).max(3600).optional(),
  /** failures in a row that are forgiven once it has succeeded; by default none */
  retries: z.int().min(0).max(100).optional(),
};

/** What must be left, at least or at most. */
export const ResourceGates = z.object({
  /** bytes of memory available */
  memory: z.int().min(1).optional(),
  /** bytes free on `/data` */
  disk: z.int().min(1).optional(),
  /** load over one minute, at most */
  load: z.number().positive().optional(),
  /** degrees Celsius of the hottest thermal zone, at most; holds where there is none */
  temperature: z.number().optional(),
});
export type ResourceGates = z.infer<typeof ResourceGates>;

/** Health gates that a trial boot must pass before it is committed. */
export const HealthGates = z.object({
  v: z.literal(1),
  /** seconds from agent start until the device goes back */
  deadline: z.int().min(5),
  /** seconds that every gate must hold without a break */
  stable: z.int().min(0),
  /** services that must run, without a restart within the stable time */
  services: z.array(z.string()),
  /** a TLS and MQTT round trip, asked only where it worked before the update */
  broker: z.boolean(),
  probes: z.array(
    z.discriminatedUnion('type', [
      z.object({
        type: z.literal('http'),
        name: z.string(),
        url: z.url(),
        status: z.int(),
        contains: z.string().optional(),
        ...timing,
      }),
      z.object({ type: z.literal('tcp'), name: z.string(), host: z.string(), port: z.int(), ...timing }),
      z.object({
        type: z.literal('exec'),
        name: z.string(),
        command: z.array(z.string()).min(1),
        ...timing,
      }),
    ]),
  ),
  resources: ResourceGates.optional(),
});
export type HealthGates = z.infer<typeof HealthGates>;

export const EnrolRequest = z.strictObject({
  v: z.literal(1),
  /** of a claim; absent: the key is known beforehand */
  token: z.string().min(16).max(256).optional(),
  /** serial number; absent: the device tells none */
  serial: Serial.optional(),
  /** PEM, PKCS #10, P-256 */
  csr: z.string().max(8192),
  deviceClass: ClassName,
  arch: Arch,
});
export type EnrolRequest = z.infer<typeof EnrolRequest>;

export const EnrolResponse = z.object({
  v: z.literal(1),
  deviceId: z.string(),
  tenant: TenantId,
  /** PEM: the certificate of the device, then its intermediates */
  certificate: z.string(),
  mqttUrl: z.url(),
  /** seconds since 1970, by the clock of the server: certificates begin at 1970 and do not tell */
  issuedAt: z.int().optional(),
});
export type EnrolResponse = z.infer<typeof EnrolResponse>;

/** `POST /v1/devices/{id}/renew`: a new certificate for a new key, asked for by the holder of the present one. */
export const RenewRequest = z.strictObject({
  v: z.literal(1),
  /** PEM: the present certificate; may have expired within the grace period */
  certificate: z.string().max(16_384),
  /** PEM, PKCS #10, P-256, signed by the new key */
  csr: z.string().max(8192),
  /** base64 of an ECDSA signature (DER, SHA-256) by the present key over `renewalProof` */
  proof: z.base64().max(256),
});
export type RenewRequest = z.infer<typeof RenewRequest>;

export const RenewResponse = EnrolResponse;
export type RenewResponse = EnrolResponse;

/** What the present key signs: the device, and the request for the next key, byte for byte. */
export const renewalProof = (device: DeviceId, csr: string): string =>
  `slipway-renewal v1\n${device}\n${csr}`;

/** Days after its end in which a certificate may still be renewed. */
export const RENEWAL_GRACE_DAYS = 90;
