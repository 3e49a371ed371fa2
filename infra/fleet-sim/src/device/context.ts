import type { ReleaseRef } from '@slipway/device-agent/simulation';
import type { Digest, ReleaseId } from '@slipway/protocol';
import type { SimOptions } from '../options.ts';
import type { Acknowledged, Seen } from '../seen.ts';
import { failureOf } from './fate.ts';
import { factoryRef, refOf } from './release-ref.ts';
import { paceWork } from './pieces-of-work.ts';

const JOBS_AT_ONCE = 8;

/** What the devices of a process share. */
export type Context = {
  readonly options: SimOptions;
  readonly seen: Seen;
  readonly acknowledged: Acknowledged[];
  readonly random: () => number;
  readonly factory: ReleaseRef;
  /** one object for all devices that have the release */
  readonly refOf: (release: ReleaseId, version: string, bundle: Digest) => ReleaseRef;
  /** how a release fails on a device; undefined: it does not */
  readonly failureOf: (device: string, ref: ReleaseRef | null) => ReturnType<typeof failureOf>;
  /** simulated seconds, as milliseconds to wait */
  readonly waitMs: (seconds: number) => number;
  /** resolves once a device may work on */
  readonly turn: () => Promise<void>;
};

export const makeContext = (
  options: SimOptions,
  seen: Seen,
  acknowledged: Acknowledged[],
  random: () => number,
): Context => {
  const refs = new Map<ReleaseId, ReleaseRef>();
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
    failureOf: (device, ref) => (ref === null ? undefined : failureOf(options, device, ref.version)),
    waitMs: (seconds) => (options.speed === null ? 0 : (seconds * 1000) / options.speed),
    turn: paceWork(JOBS_AT_ONCE),
  };
};
