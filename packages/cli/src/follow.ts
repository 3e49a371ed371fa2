import { setTimeout as delay } from 'node:timers/promises';
import { isPassing, type Client } from '@slipway/client';
import type { Context } from './context.ts';

const LOOK_AGAIN_MS = 5000;
/** A script must come to an end when its server does not come back. */
const GIVE_UP_MS = 300_000;

/**
 * Looks at something whenever the server tells of a change, and from time to time for what no event tells. A server that
 * restarts meanwhile is waited for.
 *
 * @param look gives undefined to go on
 * @throws as `look`; what may pass only where it came first, or lasted for five minutes
 */
export const follow = async <T>(
  { signal, err }: Pick<Context, 'signal' | 'err'>,
  client: Client,
  look: () => Promise<T | undefined>,
): Promise<T> => {
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  let changed = Promise.withResolvers<void>();
  const listen = async (): Promise<void> => {
    const events = client.events.stream({}, { signal: either });
    while ((await events.next()).done !== true) {
      changed.resolve();
      changed = Promise.withResolvers();
    }
  };
  // What it cannot tell is seen by looking again, and if that fails, too, it is told.
  const listening = listen().catch(() => undefined);
  /** since when looking fails; undefined: it has never succeeded */
  let away: number | undefined;
  const lookPatiently = async (): Promise<T | undefined> => {
    try {
      const seen = await look();
      away = Number.POSITIVE_INFINITY;
      return seen;
    } catch (error) {
      signal.throwIfAborted();
      const now = performance.now();
      if (away === undefined || !isPassing(error) || now - away > GIVE_UP_MS) throw error;
      if (away > now) {
        away = now;
        err(`${client.connection.url} does not answer; waiting for it`);
      }
      return undefined;
    }
  };
  try {
    for (;;) {
      signal.throwIfAborted();
      const notice = changed.promise;
      const seen = await lookPatiently();
      if (seen !== undefined) return seen;
      await Promise.race([
        notice,
        delay(LOOK_AGAIN_MS, undefined, { signal: either }).catch(() => undefined),
      ]);
    }
  } finally {
    stop.abort();
    await listening;
  }
};
