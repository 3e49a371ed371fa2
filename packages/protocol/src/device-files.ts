import { z } from 'zod';
import { BootLoader, TrybootPartitions, UBootEnvironment } from './boot-control.ts';
import { Arch, ClassName, ReleaseId, TenantId, Version } from './ids.ts';

/** The files an image carries for the agent, written by the builder and read by the agent. */
export const AGENT_CONFIG_PATH = '/etc/slipway/agent.json';
export const RELEASE_PATH = '/etc/slipway/release.json';
export const HEALTH_PATH = '/etc/slipway/health.json';
export const RELEASE_ROOT_PATH = '/etc/slipway/trust/release-root.pem';
export const SERVER_CA_PATH = '/etc/slipway/trust/server-ca.pem';

/** On the ESP of a disk, put there by `slipway provision`; the agent deletes it once it is enrolled. */
export const CLAIM_ESP_PATH = 'slipway/claim.json';
export const Claim = z.object({ v: z.literal(1), token: z.string().min(16) });
export type Claim = z.infer<typeof Claim>;

export const AgentConfig = z.object({
  v: z.literal(1),
  enrolUrl: z.url(),
  /** absent: systemd-boot */
  bootControl: BootLoader.optional(),
  /** absent: the files of `U_BOOT_ESP_FILES` */
  uBootEnvironment: UBootEnvironment.optional(),
  /** absent: 2 and 3 */
  trybootPartitions: TrybootPartitions.optional(),
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
      }),
      z.object({ type: z.literal('tcp'), name: z.string(), host: z.string(), port: z.int() }),
      z.object({ type: z.literal('exec'), name: z.string(), command: z.array(z.string()).min(1) }),
    ]),
  ),
});
export type HealthGates = z.infer<typeof HealthGates>;

export const EnrolRequest = z.strictObject({
  v: z.literal(1),
  token: z.string().min(16).max(256),
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
});
export type EnrolResponse = z.infer<typeof EnrolResponse>;
