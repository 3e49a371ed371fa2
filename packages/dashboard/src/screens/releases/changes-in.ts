import type { ReleaseDifference } from '@slipway/protocol';

/** One package that is another, new or gone. */
export type Change = {
  readonly kind: 'added' | 'removed' | 'upgraded' | 'downgraded';
  readonly type: string;
  readonly name: string;
  /** what it was built from; nothing where it is not told */
  readonly source: string;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
};

/** What changes, in the order in which it matters: upgrades, downgrades, what is new, what is gone; each by name. */
export const changesIn = ({ added, removed, upgraded, downgraded }: ReleaseDifference): Change[] => {
  const byName = (a: Change, b: Change): number => a.name.localeCompare(b.name, 'en');
  return [
    ...upgraded.map((one): Change => ({ kind: 'upgraded', source: '', ...one })).toSorted(byName),
    ...downgraded.map((one): Change => ({ kind: 'downgraded', source: '', ...one })).toSorted(byName),
    ...added
      .map(({ type, name, version, source }): Change => ({
        kind: 'added',
        type,
        name,
        source: source.name,
        to: version,
      }))
      .toSorted(byName),
    ...removed
      .map(({ type, name, version, source }): Change => ({
        kind: 'removed',
        type,
        name,
        source: source.name,
        from: version,
      }))
      .toSorted(byName),
  ];
};
