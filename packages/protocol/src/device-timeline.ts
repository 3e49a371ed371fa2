import { z } from 'zod';
import { DeviceCommand } from './commands.ts';
import { Execution } from './rollouts.ts';

/** What happened to one device, as the HTTP API tells it. Times are ISO 8601 in UTC. */
const time = z.iso.datetime();

/**
 * - `update`: a rollout offered it a release
 * - `command`: somebody asked it for something
 * - `presence`: it connected, or its connection ended
 * - `certificate`: it was given a certificate, or those that it had were revoked
 * - `change`: somebody changed what is said of it, or let it in or out
 */
export const DeviceEventKind = z.enum(['update', 'command', 'presence', 'certificate', 'change']);
export type DeviceEventKind = z.infer<typeof DeviceEventKind>;

const common = {
  id: z.string().describe('Of the event; no two of a device are alike.'),
  at: time,
};
const recorded = {
  /** name of a user or token, `device:ID`, or what of the server did it */
  actor: z.string(),
  /** such as `device.renew`, as in the audit log */
  action: z.string(),
  details: z.record(z.string(), z.unknown()),
};

export const DeviceEvent = z.discriminatedUnion('kind', [
  z.object({
    ...common,
    kind: z.literal('update'),
    version: z.string().nullable().describe('Of its release.'),
    execution: Execution,
  }),
  z.object({
    ...common,
    kind: z.literal('command'),
    actor: z.string().nullable().describe('Who asked; null: the server itself.'),
    command: DeviceCommand,
  }),
  z.object({
    ...common,
    kind: z.literal('presence'),
    online: z.boolean(),
    reason: z
      .enum(['lost', 'shutdown'])
      .nullable()
      .describe(
        'How the connection ended: it broke, or the device said goodbye; null: it was ended, or began.',
      ),
    until: time.nullable().describe('When that was over; null: it lasts.'),
  }),
  z.object({ ...common, kind: z.literal('certificate'), ...recorded }),
  z.object({ ...common, kind: z.literal('change'), ...recorded }),
]);
export type DeviceEvent = z.infer<typeof DeviceEvent>;

/** A certificate that the device authority gave to a device. Those that have ended are forgotten when the next one is given. */
export const DeviceCertificate = z.object({
  /** hexadecimal, as the list of revoked ones names it */
  serial: z.string(),
  issuedAt: time,
  expiresAt: time,
  revokedAt: time.nullable(),
  listed: z.boolean().describe('Whether the list that brokers read names it as revoked.'),
  current: z.boolean().describe('Whether it is the one that the device was given last, and is good.'),
  keySha256: z.string().describe('SHA-256 of its public key, hexadecimal.'),
  fingerprint: z.string().nullable().describe('SHA-256 of the certificate; null: given by an older server.'),
  keyType: z.string().nullable().describe('Such as EC prime256v1.'),
  issuer: z.string().nullable().describe('Name of the authority.'),
});
export type DeviceCertificate = z.infer<typeof DeviceCertificate>;
