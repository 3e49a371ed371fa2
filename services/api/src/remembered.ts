/** An answer that took so long to find is worth keeping; one of a small fleet never is, and so is always new. */
const WORTH_MS = 50;
/** It is given again for so many times as long as it took, but not for longer than a minute. */
const TIMES = 50;
const MOST_MS = 60_000;
const MOST_KEYS = 100;

type Kept<T> = { readonly value: T; readonly until: number };

/**
 * Has something asked that takes long in a large fleet and changes slowly. Who asks while the answer is kept gets it; who asks
 * after that gets it as well, and has it found anew for the next one. Nobody waits but the first.
 *
 * @param now ms
 */
export const remembered = <T>(now: () => number = () => performance.now()) => {
  const kept = new Map<string, Kept<T>>();
  const running = new Map<string, Promise<T>>();
  const find = async (key: string, ask: () => Promise<T>): Promise<T> => {
    const begin = now();
    const value = await ask();
    const tookMs = now() - begin;
    kept.delete(key);
    if (tookMs >= WORTH_MS) kept.set(key, { value, until: now() + Math.min(MOST_MS, tookMs * TIMES) });
    const [oldest] = kept.keys();
    if (kept.size > MOST_KEYS && oldest !== undefined) kept.delete(oldest);
    return value;
  };
  const refresh = (key: string, ask: () => Promise<T>): Promise<T> => {
    const under = running.get(key);
    if (under !== undefined) return under;
    const found = find(key, ask).finally(() => running.delete(key));
    running.set(key, found);
    return found;
  };
  return async (key: string, ask: () => Promise<T>): Promise<T> => {
    const known = kept.get(key);
    if (known === undefined) return refresh(key, ask);
    // Where it cannot be found anew, what is known stays.
    if (known.until <= now()) refresh(key, ask).catch(() => undefined);
    return known.value;
  };
};
