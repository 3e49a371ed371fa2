import type { ReleaseRef } from '@slipway/device-agent/simulation';
import type { Digest, ReleaseId } from '@slipway/protocol';
import type { SimOptions } from '../options.ts';
import { fractionOf } from '../random.ts';
import type { Acknowledged, Seen } from '../seen.ts';
import { factoryRef, refOf } from './release-ref.ts';

/** What the devices of a process share. */
export type Context = {
  readonly options: SimOptions;
  readonly seen: Seen;
  readonly acknowledged: Acknowledged[];
  readonly random: () => number;
  readonly factory: ReleaseRef;
  /** one object for all devices that have the release */
  readonly refOf: (release: ReleaseId, version: string, bundle: Digest) => ReleaseRef;
  /** whether the share of devices that something happens to includes this one */
  readonly isMet: (share: number, device: string, what: string) => boolean;
  /** whether a release fails on a device in that way */
  readonly isFailing: (
    how: 'rollBack' | 'panic' | 'refuse',
    device: string,
    ref: ReleaseRef | null,
  ) => boolean;
  /** simulated seconds, as milliseconds to wait */
  readonly waitMs: (seconds: number) => number;
};

export const makeContext = (
  options: SimOptions,
  seen: Seen,
  acknowledged: Acknowledged[],
  random: () => number,
): Context => {
  const refs = new Map<ReleaseId, ReleaseRef>();
  const isMet: Context['isMet'] = (share, device, what) =>
    share > 0 && fractionOf(options.seed, `${device}:${what}`) < share;
  return {
    options,
    seen,
    acknowledged,
    random,
    factory: factoryRef(options.version),
    refOf: (release, version, bundle) => {
      const ref = refs.get(release) ?? refOf(release, version, bundle);
      refs.set(release, ref);
      return ref;
    },
    isMet,
    isFailing: (how, device, ref) => {
      const { versions, [how]: share } = options.faults;
      if (ref === null || versions?.includes(ref.version) === false) return false;
      return isMet(share, device, `${ref.release}:${how}`);
    },
    waitMs: (seconds) => (options.speed === null ? 0 : (seconds * 1000) / options.speed),
  };
};
