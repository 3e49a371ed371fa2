import { DEFAULT_PROFILE, type Authority, type SigningProfile } from '@slipway/protocol';
import type { Rotated } from './key-files.ts';

/** `rotate`: done in one step. */
export type Step = 'rotate' | 'begin' | 'switch' | 'finish';

/** Where keys are. */
export type KeyPlaces = {
  readonly dataDir: string;
  /** keys of root and intermediate: `signer/offline` of the data directory, or a medium */
  readonly offlineDir: string;
  /** whose keys that releases are signed and trusted by */
  readonly profile: SigningProfile;
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

/** What the subjects of certificates begin with. */
export const nameOf = ({ profile }: Pick<KeyPlaces, 'profile'>): string =>
  profile === DEFAULT_PROFILE ? 'Slipway' : `Slipway ${profile}`;

/** A rotation in steps: which one is due, and the certificates, or keys with them, that it is about. */
export type DueStep<T> =
  | { readonly step: 'begin'; readonly first: T }
  | { readonly step: 'switch' | 'finish'; readonly first: T; readonly second: T };

/**
 * How far a file of one authority, or of two, is: the first is worked with, and of two the next one ends later.
 *
 * @param endOf ms since 1970
 */
export const dueStep = <T>(
  [first, second]: readonly [T, ...T[]],
  endOf: (authority: T) => number,
): DueStep<T> =>
  second === undefined
    ? { step: 'begin', first }
    : { step: endOf(second) > endOf(first) ? 'switch' : 'finish', first, second };

/** That one key has taken the place of another, by their ids. */
export const oneRotated = (name: string, before: string, after: string): Rotated[] => [
  { name, before, after },
];
