import type { TenantId } from './ids.ts';

/**
 * Who may do what at the broker: the one description from which the access rules of every broker are made, and the table
 * in docs/broker.md. What is not listed is denied.
 */
export type BrokerAccess = {
  /** a device is known by the common name of its certificate; gateways by theirs, at a door of their own */
  readonly who: 'device' | 'gateway';
  /** as the client sees it */
  readonly does: 'publishes' | 'subscribes';
  /** below `slip/`; `{tenant}`; `{device}` is the device itself, and for a gateway any */
  readonly topic: string;
  /** at most */
  readonly qos: 0 | 1;
  /** whether what is published is kept for those who come later */
  readonly retain: boolean;
  readonly why: string;
};

type Row = readonly [topic: string, qos: 0 | 1, retain: boolean, why: string];
const rows = (
  who: BrokerAccess['who'],
  does: BrokerAccess['does'],
  list: readonly Row[],
): readonly BrokerAccess[] =>
  list.map(([topic, qos, retain, why]) => ({ who, does, topic, qos, retain, why }));

export const brokerAccess = (): readonly BrokerAccess[] => [
  ...rows('device', 'publishes', [
    [
      '{tenant}/{device}/birth',
      1,
      true,
      'says what it is and runs; kept, so that a new gateway knows the fleet',
    ],
    ['{tenant}/{device}/death', 1, true, 'its Will: it is gone'],
    ['{tenant}/{device}/status', 1, false, 'reports how it takes a release'],
    ['{tenant}/{device}/progress', 1, false, 'bytes of a download; may be lost'],
    ['{tenant}/{device}/telemetry', 1, false, 'health and gauges; may be lost'],
    ['{tenant}/{device}/result', 1, false, 'answers a command'],
    ['{tenant}/{device}/log', 1, false, 'logs that were asked for; may be lost'],
    ['{tenant}/{device}/stream/get', 1, false, 'asks for a block of its bundle'],
  ]),
  ...rows('device', 'subscribes', [
    ['{tenant}/{device}/desired', 1, false, 'what is asked of it'],
    ['{tenant}/{device}/ack', 1, false, 'the server has a report'],
    ['{tenant}/{device}/stream/blk', 1, false, 'blocks of its bundle'],
    ['{tenant}/{device}/cmd/+', 1, false, 'commands of operators'],
    ['{tenant}/server/state/+', 1, false, 'whether the server is there'],
  ]),
  ...rows('gateway', 'subscribes', [
    [
      '{tenant}/{device}/birth',
      1,
      false,
      'devices that come; shared between gateways, as all below, and once alone for what is kept',
    ],
    ['{tenant}/{device}/death', 1, false, 'devices that go'],
    ['{tenant}/{device}/status', 1, false, 'reports'],
    ['{tenant}/{device}/progress', 1, false, 'downloads'],
    ['{tenant}/{device}/telemetry', 1, false, 'health'],
    ['{tenant}/{device}/result', 1, false, 'answers of commands'],
    ['{tenant}/{device}/log', 1, false, 'logs'],
    ['{tenant}/{device}/stream/get', 1, false, 'requests for blocks'],
    ['{tenant}/server/state/+', 1, false, 'what another gateway says that leaves, while this one is there'],
  ]),
  ...rows('gateway', 'publishes', [
    ['{tenant}/{device}/desired', 1, true, 'kept, so that a device that was away reads it'],
    ['{tenant}/{device}/ack', 1, false, 'after the commit'],
    ['{tenant}/{device}/stream/blk', 1, false, 'blocks'],
    ['{tenant}/{device}/cmd/+', 1, false, 'never kept: a command is for now'],
    ['{tenant}/{device}/birth', 1, true, 'only to empty it, when the device has left for good'],
    ['{tenant}/{device}/death', 1, true, 'only to empty it, when the device has left for good'],
    ['{tenant}/server/state/+', 1, true, 'and the Will of the gateway'],
  ]),
];

/** @param device what stands for the device in the rules of a broker, such as `%u` or `+` */
export const accessTopic = (row: BrokerAccess, tenant: TenantId, device: string): string =>
  `slip/${row.topic.replace('{tenant}', tenant).replace('{device}', device)}`;
