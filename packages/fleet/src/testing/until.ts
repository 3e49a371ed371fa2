import { setTimeout as delay } from 'node:timers/promises';

/** Far beyond what anything takes on a busy machine: only what hangs is given up. */
const PATIENCE_MS = 300_000;

/** Asks until the answer is there; what it waits for is a condition, never a time. */
export const until = async <T>(
  what: string,
  ask: () => Promise<T | undefined> | T | undefined,
): Promise<T> => {
  const giveUp = Date.now() + PATIENCE_MS;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > giveUp) throw new Error(`${what} did not come about`);
    await delay(10);
  }
};
