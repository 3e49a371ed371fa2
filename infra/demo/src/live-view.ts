import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@slipway/client';
import type { LiveEvent } from '@slipway/protocol';

/** Waits on what the server tells over server-sent events; asks again only when something changed. */
export type LiveView = {
  /**
   * @param ask reads the current state
   * @param done tells whether the state is the one awaited; may throw to give up
   * @throws where `timeoutMs` passes first
   */
  readonly until: <T>(
    what: string,
    timeoutMs: number,
    ask: () => Promise<T>,
    done: (state: T) => boolean,
  ) => Promise<T>;
  readonly onEvent: (listener: (event: LiveEvent) => void) => void;
  readonly close: () => void;
};

export const openLiveView = (client: Client): LiveView => {
  const abort = new AbortController();
  const listeners = new Set<(event: LiveEvent) => void>();
  let wake = Promise.withResolvers<void>();

  const pump = async (): Promise<void> => {
    for await (const event of client.events.stream({}, { signal: abort.signal })) {
      for (const listener of listeners) listener(event);
      wake.resolve();
      wake = Promise.withResolvers<void>();
    }
  };
  // Whoever waits also asks from time to time, and fails where that fails.
  pump().catch(() => undefined);

  return {
    until: async (what, timeoutMs, ask, done) => {
      const signal = AbortSignal.timeout(timeoutMs);
      for (;;) {
        const changed = wake.promise;
        const state = await ask();
        if (done(state)) return state;
        if (signal.aborted)
          throw new Error(`${what}: not within ${timeoutMs / 1000} s; last seen: ${JSON.stringify(state)}`);
        await Promise.race([changed, delay(5000)]);
      }
    },
    onEvent: (listener) => listeners.add(listener),
    close: () => abort.abort(),
  };
};
