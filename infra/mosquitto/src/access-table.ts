import { brokerAccess } from '@slipway/protocol';

/** The table of docs/broker.md, one row per permission. */
export const accessTable = (): string =>
  [
    '| Who | Does | Topic below `slip/` | QoS | Kept | Why |',
    '|---|---|---|---|---|---|',
    ...brokerAccess().map(
      ({ who, does, topic, qos, retain, why }) =>
        `| ${who} | ${does} | \`${topic}\` | ${qos} | ${retain ? 'yes' : 'no'} | ${why} |`,
    ),
  ].join('\n');
