import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@slipway/client';

const LOOK_AGAIN_MS = 5000;
const RECONNECT_MS = 500;

/**
 * Looks at something whenever the server tells of a change, and from time to time in case a notice was lost.
 *
 * @param look gives undefined to go on
 */
export const follow = async <T>(
  client: Client,
  signal: AbortSignal,
  look: () => Promise<T | undefined>,
): Promise<T> => {
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  let changed = Promise.withResolvers<void>();
  const wake = (): void => {
    changed.resolve();
    changed = Promise.withResolvers();
  };
  const listen = async (): Promise<void> => {
    while (!either.aborted) {
      try {
        const events = client.events.stream({}, { signal: either });
        while ((await events.next()).done !== true) wake();
      } catch {
        // The server restarts or is gone; what was missed is seen by looking again.
      }
      await delay(RECONNECT_MS, undefined, { signal: either }).catch(() => undefined);
    }
  };
  const listening = listen();
  try {
    for (;;) {
      signal.throwIfAborted();
      const notice = changed.promise;
      const seen = await look();
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
