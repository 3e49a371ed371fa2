import { fullJitter } from '../core/index.ts';

const BASE_DELAY_MS = 2_000;
const MAX_DELAY_MS = 60_000;
/** A connection that held this long was well: the next drop starts again with short delays. */
const WELL_S = 120;

/**
 * @param before drops in a row before this one
 * @param lasted seconds from the try to connect until the end
 * @returns drops in a row
 */
export const countDrop = (before: number, lasted: number): number => (lasted > WELL_S ? 1 : before + 1);

/**
 * Full jitter from the first drop on: when a broker restarts, its devices do not come back as one.
 *
 * @param random in [0, 1)
 */
export const reconnectDelayMs = (drops: number, random: number): number =>
  fullJitter(drops - 1, BASE_DELAY_MS, MAX_DELAY_MS, random);
