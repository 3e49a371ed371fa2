const FIRST_MS = 250;
const LONGEST_MS = 30_000;

/**
 * How long to wait before connecting again: longer from try to try, and half of it by chance, so that all who lost a server
 * at one moment do not come back at one moment.
 *
 * @param tried how often in a row it came to nothing
 * @param random in [0, 1)
 */
export const backOffMs = (tried: number, random: number): number => {
  const most = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(tried, 20));
  return Math.round(most / 2 + (most / 2) * random);
};
