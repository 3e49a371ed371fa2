import type { JobProgress, TransferredBytes } from '@slipway/protocol';

/** Chunks come by the thousand; each that is told is a write to Redis and to the database. */
const EVERY_MS = 500;

/** Tells how much of a disk is written: its begin, its end, and between them not more often than can be watched. */
export const tellBytes = (
  onProgress: (progress: JobProgress) => Promise<void>,
): ((format: string, bytes: TransferredBytes) => void) => {
  let at = -Infinity;
  return (format, bytes) => {
    const now = performance.now();
    if (bytes.done > 0 && bytes.done < bytes.total && now - at < EVERY_MS) return;
    at = now;
    // Progress is for people; a queue that is away for a moment must not fail a signature.
    onProgress({ step: `writing ${format}`, percent: 85, bytes }).catch(() => undefined);
  };
};
