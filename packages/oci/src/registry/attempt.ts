import { SlipwayError } from '@slipway/protocol';
import { isLocal, isTransient, networkFailure } from './network-error.ts';
import { backoffMs, type RetryPolicy } from './retry.ts';

/** Whatever brings a little each time still has to end. */
const MAX_ATTEMPTS = 100;

/** An error that may not last. */
export class TryAgain extends Error {
  readonly error: SlipwayError;
  readonly afterMs: number | undefined;

  constructor(error: SlipwayError, afterMs?: number) {
    super(error.message, { cause: error });
    this.name = 'TryAgain';
    this.error = error;
    this.afterMs = afterMs;
  }
}

export type AttemptOptions = {
  readonly retry: RetryPolicy;
  readonly attempts: number;
  readonly ref: string;
  readonly host: string;
  readonly signal: AbortSignal | undefined;
  readonly log: (line: string) => void;
  /** grows when a try brought something; it then does not count as one that brought nothing */
  readonly progress?: () => number;
};

/**
 * Tries until it works, the error is one that lasts, or the tries are used up.
 *
 * @throws {SlipwayError}, the reason of `signal`, and what the disk says as it is
 */
export const attempt = async <T>(options: AttemptOptions, once: () => Promise<T>): Promise<T> => {
  const { retry, attempts, ref, host, signal, log, progress = () => 0 } = options;
  let failures = 0;
  let reached = progress();
  for (let total = 1; ; total++) {
    signal?.throwIfAborted();
    try {
      return await once();
    } catch (caught) {
      signal?.throwIfAborted();
      if (isLocal(caught)) throw caught;
      const again = caught instanceof TryAgain;
      const error = again ? caught.error : networkFailure(caught, ref, host);
      const lasts = !again && (caught instanceof SlipwayError || !isTransient(caught));
      const now = progress();
      failures = now > reached ? 1 : failures + 1;
      reached = now;
      const afterMs = again ? caught.afterMs : undefined;
      if (lasts || failures >= attempts || total >= MAX_ATTEMPTS) throw error;
      if (afterMs !== undefined && afterMs > retry.maxRetryAfterMs) throw error;
      const waitMs = afterMs ?? backoffMs(retry, failures, Math.random());
      log(`${error.message}; trying again in ${(waitMs / 1000).toFixed(1)} s`);
      await retry.wait(waitMs, signal);
    }
  }
};
