import type { Origin } from '@slipway/components';

/** Each origin once, in an order of its own: the same inputs give the same list. */
export const distinctOrigins = (origins: readonly Origin[]): Origin[] => {
  const byKey = new Map(origins.map((origin) => [`${origin.purl}\n${origin.digest}`, origin]));
  return [...byKey.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, origin]) => origin);
};
