import type { WireEntry } from './trace.ts';

/** What two devices must have in common that were asked for the same. */
export type Conduct = {
  /** what is said once and in this order */
  readonly said: readonly string[];
  /** what is said as often as time, link and bundle have it: what, and at which point of the order */
  readonly beside: readonly string[];
};

const deliveryOf = ({ qos, retain }: { readonly qos: number; readonly retain: boolean }): string =>
  `q${qos}${retain ? ' retained' : ''}`;

const sayingOf = (entry: WireEntry): string | undefined => {
  switch (entry.kind) {
    case 'birth': {
      const { boot, connection, active, a, b, execution, reason } = entry;
      return `birth ${deliveryOf(entry)}: boot ${boot}, connection ${connection}, ${reason}, slot ${active} of a ${a}, b ${b}, ${execution}`;
    }
    case 'death':
      return `death ${deliveryOf(entry)}: connection ${entry.connection}, ${entry.reason}`;
    case 'status':
      return `status ${deliveryOf(entry)}: boot ${entry.boot}, report ${entry.number}, ${entry.state} in slot ${entry.slot}, ${entry.code}`;
    case 'result':
      return `result ${deliveryOf(entry)}: ${entry.ok}`;
    case 'progress':
    case 'telemetry':
    case 'log':
    case 'stream/get':
    case 'state':
    case 'desired':
    case 'ack':
      return undefined;
    default:
      return entry satisfies never;
  }
};

/**
 * Reports are sent again over a new connection until they are acknowledged, which is a race; the first time counts.
 * Telemetry comes with every connection and proves the broker in a trial; when else it comes is a matter of time.
 */
export const conductOf = (entries: readonly WireEntry[]): Conduct => {
  const said: string[] = [];
  const beside = new Set<string>();
  const reports = new Set<number>();
  let state = 'before any report';
  let connection = 0;
  for (const entry of entries) {
    if (entry.kind === 'birth') ({ connection } = entry);
    if (entry.kind === 'status') {
      if (reports.has(entry.number)) continue;
      reports.add(entry.number);
      ({ state } = entry);
    }
    if (entry.kind === 'telemetry')
      beside.add(`telemetry ${deliveryOf(entry)} over connection ${connection}`);
    if (entry.kind === 'stream/get' || entry.kind === 'progress')
      beside.add(`${entry.kind} ${deliveryOf(entry)} after ${state}`);
    const saying = sayingOf(entry);
    if (saying !== undefined) said.push(saying);
  }
  return { said, beside: [...beside].sort((one, other) => one.localeCompare(other)) };
};
