import { ExecutionState } from '@slipway/protocol';
import { quantilesOf, type Quantiles } from './histogram.ts';
import type { Seen } from './seen.ts';

const MIB = 1024 ** 2;

const perSecond = (now: number, before: number, seconds: number): number =>
  Math.round((now - before) / seconds);

/** One line on how it goes. @param seconds since `before` was seen */
export const renderLine = (now: Seen, before: Seen, seconds: number): string => {
  const states = ExecutionState.options.flatMap((state) => {
    const count = now.inState[state] ?? 0;
    return count === 0 ? [] : [`${state.toLowerCase()} ${count}`];
  });
  return [
    `connected ${now.connected}/${now.devices}`,
    `offered ${now.offered}`,
    ...states,
    `unacknowledged ${Object.values(now.made).reduce((sum, one) => sum + one, 0) - now.acknowledged}`,
    `drops ${now.drops}`,
    `up ${perSecond(now.messagesUp, before.messagesUp, seconds)}/s`,
    `down ${perSecond(now.messagesDown, before.messagesDown, seconds)}/s`,
    `${Math.round(now.rssBytes / MIB)} MiB`,
    `cpu ${now.cpuSeconds.toFixed(1)} s`,
  ].join('  ');
};

/** What was seen, for programs: quantiles in place of classes. */
export const resultOf = (seen: Seen) => {
  const { sinceOffer, acknowledging, ...counts } = seen;
  return {
    v: 1,
    ...counts,
    /** milliseconds */
    acknowledging: quantilesOf(acknowledging),
    sinceOffer: Object.fromEntries(
      Object.entries(sinceOffer).map(([state, histogram]): [string, Quantiles] => [
        state,
        quantilesOf(histogram),
      ]),
    ),
  };
};
