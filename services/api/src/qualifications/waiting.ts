import type { Arch, Qualifier } from '@slipway/protocol';

export type Waiting = { readonly step: string } | { readonly skip: string };

/** So long another machine that could do it may be away, when it starts anew for instance. */
const PATIENCE_MS = 120_000;

/**
 * What a release waits for that no worker has begun. It is skipped only where there are qualifiers that say why they
 * cannot: that none is there at all opens no gate.
 */
export const lookAtWaiting = (
  arch: Arch,
  qualifiers: readonly Pick<Qualifier, 'arches' | 'cannot'>[],
  waitedMs: number,
): Waiting => {
  if (qualifiers.some(({ arches }) => arches.includes(arch)))
    return { step: 'waiting for its turn at a qualifier' };
  const [why] = qualifiers.flatMap(({ cannot }) => cannot[arch] ?? []);
  if (why === undefined || waitedMs < PATIENCE_MS) return { step: `waiting for a qualifier for ${arch}` };
  return { skip: `no qualifier can start devices for ${arch}: ${why}` };
};
