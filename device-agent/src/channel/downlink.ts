import {
  Ack,
  Command,
  commandOfTopic,
  Desired,
  deviceTopic,
  ServerState,
  serverStateTopic,
  shareOf,
  type DeviceId,
  type TenantId,
} from '@slipway/protocol';
import { parseJson } from '../install/stored-manifest.ts';
import type { MqttMessage } from '../runtime/port.ts';

/** A message to the device, read. */
export type Downlink =
  | { readonly kind: 'block' }
  | { readonly kind: 'desired'; readonly message: Desired }
  | { readonly kind: 'ack'; readonly seq: number }
  | { readonly kind: 'server'; readonly isThere: boolean }
  | { readonly kind: 'command'; readonly command: Command }
  /** `line` is for the log; null: not worth one */
  | { readonly kind: 'ignored'; readonly line: string | null };

/** Whatever a broker delivers: only what stands on the topics of this device counts. */
export const readDownlink = (
  { tenant, deviceId }: { readonly tenant: TenantId; readonly deviceId: DeviceId },
  message: Pick<MqttMessage, 'topic' | 'payload'>,
): Downlink => {
  const topic = (kind: Parameters<typeof deviceTopic>[2]): string => deviceTopic(tenant, deviceId, kind);
  if (message.topic === topic('stream/blk')) return { kind: 'block' };
  const body = parseJson(message.payload);
  if (message.topic === topic('desired')) {
    const parsed = Desired.safeParse(body);
    if (parsed.success) return { kind: 'desired', message: parsed.data };
    return { kind: 'ignored', line: message.payload.length > 0 ? 'ignored a malformed assignment' : null };
  }
  if (message.topic === topic('ack')) {
    const parsed = Ack.safeParse(body);
    return parsed.success ? { kind: 'ack', seq: parsed.data.seq } : { kind: 'ignored', line: null };
  }
  if (message.topic === serverStateTopic(tenant, shareOf(deviceId))) {
    const parsed = ServerState.safeParse(body);
    return parsed.success
      ? { kind: 'server', isThere: parsed.data.state === 'online' }
      : { kind: 'ignored', line: null };
  }
  const ending = commandOfTopic(message.topic);
  const name = ending !== undefined && message.topic === topic(`cmd/${ending}`) ? ending : undefined;
  const parsed = Command.safeParse(typeof body === 'object' ? { ...body, name } : body);
  if (parsed.success) return { kind: 'command', command: parsed.data };
  return { kind: 'ignored', line: `ignored a malformed command ${name ?? message.topic.slice(0, 100)}` };
};
