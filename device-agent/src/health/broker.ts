import type { GateSight } from '../core/index.ts';
import type { Runtime } from '../runtime/port.ts';

/** From one round trip to the next, and how long one counts. */
const EVERY_S = 10;
const GOOD_FOR_S = 30;

/** Asks the broker again and again while a trial lasts: a connection that stands is not yet one that carries. */
export type BrokerWatch = { readonly look: () => GateSight };

/** @param prove whether a message went there and its acknowledgement came back */
export const brokerWatch = (runtime: Pick<Runtime, 'time'>, prove: () => Promise<boolean>): BrokerWatch => {
  let askedAt: number | undefined;
  let provenAt: number | undefined;
  let isAsking = false;

  const ask = async (): Promise<void> => {
    isAsking = true;
    askedAt = runtime.time.uptime();
    try {
      if (await prove().catch(() => false)) provenAt = runtime.time.uptime();
      else askedAt = undefined;
    } finally {
      isAsking = false;
    }
  };

  return {
    look: () => {
      const now = runtime.time.uptime();
      if (!isAsking && (askedAt === undefined || now - askedAt >= EVERY_S)) void ask();
      const age = provenAt === undefined ? undefined : now - provenAt;
      const saw =
        age === undefined
          ? 'expected an acknowledgement, none has come'
          : `expected an acknowledgement within ${GOOD_FOR_S} s, the last came ${Math.round(age)} s ago`;
      return { gate: 'broker', ok: age !== undefined && age < GOOD_FOR_S, saw };
    },
  };
};
