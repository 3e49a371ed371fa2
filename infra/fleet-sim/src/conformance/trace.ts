import { Birth, CommandResult, Death, Desired, Status, type UpKind } from '@slipway/protocol';
import { z } from 'zod';

/**
 * What went over the wire between one device and its server, as the server saw it: kinds, delivery, states, order.
 * Times, ids and sizes are left out or numbered in the order in which they came, so that traces of two devices compare.
 */
const SideKind = z.enum(['progress', 'telemetry', 'log', 'stream/get']);
const delivery = { qos: z.int(), retain: z.boolean() };

export const WireEntry = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('birth'),
    ...delivery,
    boot: z.int(),
    connection: z.int(),
    active: z.string(),
    a: z.string(),
    b: z.string(),
    execution: z.string().nullable(),
    reason: z.string().nullable(),
  }),
  z.object({ kind: z.literal('death'), ...delivery, connection: z.int(), reason: z.string() }),
  z.object({
    kind: z.literal('status'),
    ...delivery,
    boot: z.int(),
    /** of the report; the same for one that is sent again */
    number: z.int(),
    state: z.string(),
    slot: z.string(),
    code: z.string().nullable(),
  }),
  z.object({ kind: z.literal('result'), ...delivery, ok: z.boolean() }),
  z.object({ kind: SideKind, ...delivery }),
  /** from the server */
  z.object({ kind: z.literal('state') }),
  z.object({ kind: z.literal('desired'), assignment: z.boolean() }),
  z.object({ kind: z.literal('ack'), number: z.int() }),
]);
export type WireEntry = z.infer<typeof WireEntry>;

export type Recorder = {
  readonly entries: readonly WireEntry[];
  readonly up: (kind: UpKind, body: unknown, qos: number, retain: boolean) => void;
  readonly desired: (message: Desired) => void;
  readonly ack: (seq: number) => void;
  readonly state: () => void;
};

/** Numbers from 1, in the order of first appearance. */
const numbering = (): ((value: string | number) => number) => {
  const known: (string | number)[] = [];
  return (value) => {
    if (!known.includes(value)) known.push(value);
    return known.indexOf(value) + 1;
  };
};

export const recordWire = (): Recorder => {
  const entries: WireEntry[] = [];
  const [boot, report, connection] = [numbering(), numbering(), numbering()];

  const entryOf = (kind: UpKind, body: unknown, qos: number, retain: boolean): WireEntry => {
    switch (kind) {
      case 'birth': {
        const birth = Birth.parse(body);
        return {
          kind,
          qos,
          retain,
          boot: boot(birth.bootId),
          connection: connection(birth.connection),
          active: birth.activeSlot,
          a: birth.slots.a.state,
          b: birth.slots.b.state,
          execution: birth.execution?.state ?? null,
          reason: birth.bootReason ?? null,
        };
      }
      case 'death': {
        const death = Death.parse(body);
        return { kind, qos, retain, connection: connection(death.connection), reason: death.reason };
      }
      case 'status': {
        const { bootId, seq, state, slot, code = null } = Status.parse(body);
        return { kind, qos, retain, boot: boot(bootId), number: report(seq), state, slot, code };
      }
      case 'result':
        return { kind, qos, retain, ok: CommandResult.parse(body).ok };
      case 'progress':
      case 'telemetry':
      case 'log':
      case 'stream/get':
        return { kind, qos, retain };
      default:
        return kind satisfies never;
    }
  };

  return {
    entries,
    up: (kind, body, qos, retain) => {
      const entry = entryOf(kind, body, qos, retain);
      const last = entries.at(-1);
      // A download is thousands of the same.
      if (last !== undefined && JSON.stringify(last) === JSON.stringify(entry)) return;
      entries.push(entry);
    },
    desired: ({ assignment }) => entries.push({ kind: 'desired', assignment: assignment !== null }),
    ack: (seq) => entries.push({ kind: 'ack', number: report(seq) }),
    state: () => entries.push({ kind: 'state' }),
  };
};

export const renderTrace = (entries: readonly WireEntry[]): string =>
  entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');

/** @throws where a line is no entry */
export const parseTrace = (text: string): WireEntry[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => WireEntry.parse(JSON.parse(line)));
