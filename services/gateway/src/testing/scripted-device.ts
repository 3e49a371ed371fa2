import mqtt, { type IClientOptions, type IPublishPacket } from 'mqtt';
import {
  Ack,
  Desired,
  DeviceId,
  deviceTopic,
  TenantId,
  type Assignment,
  type Birth,
  type ExecutionState,
  type Status,
  type StreamGet,
  type UpKind,
} from '@slipway/protocol';
import { birthOf, until } from '@slipway/fleet/testing';

const tenant = TenantId.parse('default');

export type Block = { readonly id: number; readonly payload: Buffer; readonly code: string | undefined };

type ScriptedOptions = {
  readonly connection?: number;
  /** how many it has made already, over earlier connections */
  readonly reports?: number;
  readonly tls?: Pick<IClientOptions, 'ca' | 'cert' | 'key'>;
};

/** A device that does as the test says, over a connection of its own, by the protocol and nothing else. */
export const connectDevice = async (
  brokerUrl: string,
  name: string,
  { connection = 1, reports = 0, tls = {} }: ScriptedOptions = {},
) => {
  const id = DeviceId.parse(name);
  const topic = (kind: UpKind): string => deviceTopic(tenant, id, kind);
  const client = await mqtt.connectAsync(brokerUrl, {
    ...tls,
    protocolVersion: 5,
    clientId: name,
    reconnectPeriod: 0,
    will: {
      topic: topic('death'),
      payload: Buffer.from(JSON.stringify({ v: 1, connection, reason: 'lost' })),
      qos: 1,
      retain: true,
    },
  });
  const desired: Desired[] = [];
  const acks: number[] = [];
  const blocks: Block[] = [];
  client.on('message', (from: string, payload: Buffer, packet: IPublishPacket) => {
    if (from.endsWith('/desired')) desired.push(Desired.parse(JSON.parse(payload.toString())));
    else if (from.endsWith('/ack')) acks.push(Ack.parse(JSON.parse(payload.toString())).seq);
    else {
      const code = packet.properties?.userProperties?.['code'];
      blocks.push({
        id: Number(packet.properties?.correlationData?.toString()),
        payload,
        code: Array.isArray(code) ? code[0] : code,
      });
    }
  });
  const down = (['desired', 'ack', 'stream/blk'] as const).map((kind) => deviceTopic(tenant, id, kind));
  await client.subscribeAsync([...down], { qos: 1 });

  let seq = reports;
  const send = async (kind: UpKind, message: unknown, retain = false): Promise<void> => {
    const payload = typeof message === 'string' ? message : JSON.stringify(message);
    await client.publishAsync(topic(kind), payload, { qos: 1, retain });
  };
  return {
    id,
    acks,
    send,
    /** the assignment of the newest desired state */
    assignment: () => until('an assignment', () => desired.at(-1)?.assignment ?? undefined),
    /** resolves once the newest desired state asks for nothing */
    released: () =>
      until('an empty desired state', () => (desired.at(-1)?.assignment === null ? true : undefined)),
    reports: () => seq,
    seqs: () => desired.map((one) => one.seq),
    bear: (over: Partial<Birth> = {}) => send('birth', birthOf(name, { connection, ...over }), true),
    /** reports, and waits until the server has it */
    report: async (assignment: Assignment, state: ExecutionState, over: Partial<Status> = {}) => {
      seq += 1;
      const mine = over.seq ?? seq;
      const { execution, release } = assignment;
      const status = {
        v: 1,
        seq: mine,
        execution,
        release,
        state,
        bootId: 'boot-1',
        slot: 'a',
        ...over,
      } as const;
      const before = acks.length;
      await send('status', status);
      await until(`the acknowledgement of ${state}`, () =>
        acks.slice(before).includes(mine) ? true : undefined,
      );
    },
    get: async (request: Omit<StreamGet, 'v'>): Promise<Block> => {
      await send('stream/get', { v: 1, ...request });
      return until('a block', () => blocks.find((block) => block.id === request.id));
    },
    /** as a cut cable does: the broker publishes the Will */
    drop: () => client.stream.destroy(),
    leave: async () => {
      if (!client.disconnected && !client.disconnecting) await client.endAsync();
    },
  };
};

export type ScriptedDevice = Awaited<ReturnType<typeof connectDevice>>;
