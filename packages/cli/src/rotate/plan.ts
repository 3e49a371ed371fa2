import type { Authority } from '@slipway/protocol';
import type { Rotated } from './key-files.ts';

/** `rotate`: done in one step. */
export type Step = 'rotate' | 'begin' | 'switch' | 'finish';

/** Where keys are. */
export type KeyPlaces = {
  readonly dataDir: string;
  /** keys of root and intermediate: `signer/offline` of the data directory, or a medium */
  readonly offlineDir: string;
};

/** What is to be done next, before any of it is. */
export type RotationPlan = {
  readonly step: Step;
  /** in words, for whoever decides */
  readonly consequences: readonly string[];
  /** devices of which all must have followed before; absent: none need to */
  readonly followers?: Authority;
  /** @throws {SlipwayError} NOT_FOUND where a key is not there */
  readonly run: () => Promise<Rotated[]>;
};

export type PlanRotation = (places: KeyPlaces) => Promise<RotationPlan>;

/**
 * How far a file of one authority, or of two, is: the first is worked with, and of two the next one ends later.
 *
 * @param ends ms since 1970, in the order of the file
 */
export const dueStep = (ends: readonly number[]): Exclude<Step, 'rotate'> => {
  const [first, second] = ends;
  if (first === undefined || second === undefined) return 'begin';
  return second > first ? 'switch' : 'finish';
};
