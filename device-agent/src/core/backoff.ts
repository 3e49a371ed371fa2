/**
 * Full jitter: a delay anywhere between nothing and a bound that doubles with every failure, so that a fleet that lost
 * its server at one moment does not come back at one moment.
 *
 * @param random in [0, 1)
 * @returns milliseconds
 */
export const fullJitter = (failures: number, baseMs: number, maxMs: number, random: number): number =>
  Math.floor(random * Math.min(maxMs, baseMs * 2 ** Math.min(failures, 30)));
