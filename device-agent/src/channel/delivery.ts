import {
  deviceTopic,
  serverStateTopic,
  shareOf,
  type Birth,
  type CommandResult,
  type Death,
  type DeviceId,
  type LogPiece,
  type Progress,
  type Status,
  type StreamGet,
  type Telemetry,
  type TenantId,
  type UpKind,
} from '@slipway/protocol';

/** What a device says on each of its topics. */
export type Uplink = {
  readonly birth: Birth;
  readonly death: Death;
  readonly status: Status;
  readonly progress: Progress;
  readonly telemetry: Telemetry;
  readonly result: CommandResult;
  readonly log: LogPiece;
  readonly 'stream/get': StreamGet;
};

/** Hides flaps of the link; a death that comes late carries an old connection number and counts for nothing. */
export const WILL_DELAY_S = 30;

export type Delivery = { readonly qos: 0 | 1; readonly retain?: boolean; readonly expirySeconds?: number };

export const DELIVERY: Record<UpKind, Delivery> = {
  birth: { qos: 1, retain: true },
  death: { qos: 1, retain: true },
  status: { qos: 1 },
  progress: { qos: 0 },
  telemetry: { qos: 0, expirySeconds: 300 },
  result: { qos: 1 },
  log: { qos: 0 },
  'stream/get': { qos: 0 },
};

/** What a device listens to, in the order in which it asks for it. */
export const subscriptionsOf = (
  tenant: TenantId,
  device: DeviceId,
): readonly { readonly topic: string; readonly qos: 0 | 1 }[] => [
  { topic: serverStateTopic(tenant, shareOf(device)), qos: 1 },
  { topic: deviceTopic(tenant, device, 'ack'), qos: 1 },
  { topic: deviceTopic(tenant, device, 'stream/blk'), qos: 0 },
  { topic: deviceTopic(tenant, device, 'cmd/+'), qos: 1 },
  { topic: deviceTopic(tenant, device, 'desired'), qos: 1 },
];
