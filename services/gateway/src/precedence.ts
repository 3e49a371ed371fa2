import { createUrgent, type Urgent } from './urgent.ts';

/**
 * Work that goes first, half of the time: after it has been waited for, it is not waited for again for as long.
 *
 * @param maxMs so long it is waited for at most
 * @param now milliseconds of any clock
 */
export const createPrecedence = (maxMs: number, now: () => number): Urgent => {
  const urgent = createUrgent(maxMs);
  let nextAt = 0;
  return {
    hold: (work) => {
      const start = now();
      if (start < nextAt) return;
      nextAt = Number.POSITIVE_INFINITY;
      urgent.hold(work);
      void urgent.over().then(() => {
        nextAt = 2 * now() - start;
      });
    },
    over: urgent.over,
  };
};
