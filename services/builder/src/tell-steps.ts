import type { JobProgress } from '@slipway/protocol';

/** Bytes arrive by the thousand times; each is a write to Redis and to the database. */
const BYTES_EVERY_MS = 500;

/**
 * Tells every step at once, and of the bytes that it fetches not more often than can be watched. The log has the step
 * alone.
 */
export const tellSteps = (
  log: (progress: JobProgress) => void,
  report: (progress: JobProgress) => void,
  now: () => number,
): ((progress: JobProgress) => void) => {
  let step = '';
  let at = -Infinity;
  return (progress) => {
    const isNew = progress.step !== step;
    const isWhole = progress.bytes !== undefined && progress.bytes.done >= progress.bytes.total;
    if (isNew) log(progress);
    else if (!isWhole && now() - at < BYTES_EVERY_MS) return;
    step = progress.step;
    at = now();
    report(progress);
  };
};
