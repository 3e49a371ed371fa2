import { COMMANDS, type CommandName } from './commands.ts';
import type { DeviceId, TenantId } from './ids.ts';

/**
 * The topics of the device channel. They are built and parsed in this module only.
 *
 * Up: `birth` (retained), `death` (Will, retained), `status`, `progress`, `telemetry`, `result`, `log`, `stream/get`.
 * Down: `desired` (retained), `ack`, `stream/blk`, `cmd/{name}` (never retained).
 */
export const TOPIC_ROOT = 'slip';

export const UP = [
  'birth',
  'death',
  'status',
  'progress',
  'telemetry',
  'result',
  'log',
  'stream/get',
] as const;
export type UpKind = (typeof UP)[number];

const commandKind = (name: CommandName): `cmd/${CommandName}` => `cmd/${name}`;
export const DOWN = ['desired', 'ack', 'stream/blk', ...COMMANDS.map(commandKind)] as const;
export type DownKind = (typeof DOWN)[number];

/** @returns the command whose topic ends like that */
export const commandOfTopic = (topic: string): CommandName | undefined =>
  COMMANDS.find((name) => topic.endsWith(`/${commandKind(name)}`));

export const deviceTopic = (
  tenant: TenantId | '+',
  device: DeviceId | '+',
  kind: UpKind | DownKind | 'cmd/+',
): string => `${TOPIC_ROOT}/${tenant}/${device}/${kind}`;

/**
 * Devices are dealt into so many shares, each with a connection of the gateway and a topic for the state of the server. Of a
 * topic that everybody listened to, mosquitto would look through all subscribers whenever one of them connects.
 */
export const SHARES = 64;

/** @returns 0 to `SHARES` - 1, always the same of a device */
export const shareOf = (device: string): number => {
  let sum = 0;
  for (let at = 0; at < device.length; at += 1) sum = (sum * 31 + device.charCodeAt(at)) % 65_521;
  return sum % SHARES;
};

/** Retained, with a Will: tells the devices of a share whether the server is there. They stop bulk transfer when it is not. */
export const serverStateTopic = (tenant: TenantId | '+', share: number): string =>
  `${TOPIC_ROOT}/${tenant}/server/state/${share}`;

/** @returns undefined for a topic that no device writes */
export const parseUpTopic = (
  topic: string,
): { readonly tenant: string; readonly device: string; readonly kind: UpKind } | undefined => {
  const match = /^slip\/([a-z0-9-]{1,63})\/([a-z0-9-]{1,63})\/(.+)$/.exec(topic);
  const kind = UP.find((known) => known === match?.[3]);
  if (match?.[1] === undefined || match[2] === undefined || kind === undefined) return undefined;
  return { tenant: match[1], device: match[2], kind };
};
