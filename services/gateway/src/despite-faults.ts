import { setTimeout as delay } from 'node:timers/promises';
import { sqlStateOf } from '@slipway/fleet';
import { codeOf } from '@slipway/protocol';
import type { Logger } from 'pino';

/** SQLSTATE classes of what passes: connection, resources, an administrator, another transaction, the system. */
const PASSING = ['08', '40', '53', '55', '57', '58'];

/** Whether the same will do later: the database is away, or has no room. */
const passes = (error: unknown): boolean => {
  const state = sqlStateOf(error);
  if (state !== undefined) return PASSING.includes(state.slice(0, 2));
  // The driver's own words for a lost connection have no code that could be told from others; faults of ours have a kind.
  return !(error instanceof TypeError || error instanceof RangeError) && codeOf(error) === 'INTERNAL';
};

/**
 * Records what came, whatever the database thinks of one of them: what is refused is halved until the culprit is alone,
 * and a database that is away is waited for.
 *
 * @param record all of the items, or none and throws
 * @returns what came of each; undefined: it cannot be recorded
 */
export const despiteFaults = async <Item, Outcome>(
  items: readonly Item[],
  record: (items: readonly Item[]) => Promise<readonly Outcome[]>,
  patience: {
    readonly logger: Logger;
    /** ends the waiting for a database that is away */
    readonly signal: AbortSignal;
    readonly againMs: number;
  },
): Promise<readonly (Outcome | undefined)[]> => {
  const { logger, signal, againMs } = patience;
  for (let told = false; ; told = true) {
    try {
      return await record(items);
    } catch (error) {
      if (passes(error)) {
        if (!told)
          logger.error({ err: error, items: items.length }, 'the database does not take reports; they wait');
        await delay(againMs, undefined, { signal });
        continue;
      }
      if (items.length <= 1) {
        logger.error({ code: codeOf(error), err: error, item: items[0] }, 'work failed');
        return items.map(() => undefined);
      }
      const half = items.length >> 1;
      const first = await despiteFaults(items.slice(0, half), record, patience);
      return [...first, ...(await despiteFaults(items.slice(half), record, patience))];
    }
  }
};
