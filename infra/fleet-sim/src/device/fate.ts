import type { DeviceId } from '@slipway/protocol';
import type { Faults } from '../options.ts';
import { fractionOf } from '../random.ts';

type Seeded = { readonly seed: number; readonly faults: Pick<Faults, Way | 'versions'> };

const WAYS = ['refuse', 'panic', 'rollBack'] as const;
type Way = (typeof WAYS)[number];

/** Whether the share of devices that something happens to includes this one. */
export const isMet = (seed: number, share: number, device: string, what: string): boolean =>
  share > 0 && fractionOf(seed, `${device}:${what}`) < share;

/** How a version fails on a device: the first of the ways that meets it; undefined: it goes well. */
export const failureOf = ({ seed, faults }: Seeded, device: string, version: string): Way | undefined => {
  if (faults.versions?.includes(version) === false) return undefined;
  return WAYS.find((way) => isMet(seed, faults[way], device, `${version}:${way}`));
};

/** What a device comes to with a version newer than its own, whatever happens to link and server. */
export const outcomeOf = (
  seeded: Seeded,
  device: DeviceId,
  version: string,
): 'COMMITTED' | 'ROLLED_BACK' | 'REJECTED' => {
  const failure = failureOf(seeded, device, version);
  if (failure === undefined) return 'COMMITTED';
  return failure === 'refuse' ? 'REJECTED' : 'ROLLED_BACK';
};
