import type { ReleaseState } from '@slipway/protocol';

/** What may become of a release. A deprecated one goes on where it is rolled out already; withdrawn is for good. */
export const RELEASE_NEXT: Readonly<Record<ReleaseState, readonly ReleaseState[]>> = {
  draft: ['published', 'withdrawn'],
  published: ['deprecated', 'withdrawn'],
  deprecated: ['published', 'withdrawn'],
  withdrawn: [],
};

/** The states that lead to `to`. */
export const statesBefore = (to: ReleaseState): ReleaseState[] =>
  (['draft', 'published', 'deprecated', 'withdrawn'] as const).filter((from) =>
    RELEASE_NEXT[from].includes(to),
  );
