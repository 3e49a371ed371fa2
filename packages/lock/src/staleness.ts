import { nodeRuntimePin } from '@slipway/components';
import { SlipwayError, type Arch } from '@slipway/protocol';
import { declaredDigest } from './declared.ts';
import type { LockInputs } from './inputs.ts';
import type { Lock } from './lock-file.ts';

/** Something that a lock does not say as the image file wants it. */
export type Stale = {
  /** reference, `deb:NAME` or `npm:NAME` */
  readonly name: string;
  readonly arch: Arch;
  readonly why: 'unknown' | 'no such architecture' | 'declared otherwise' | 'of another Slipway';
};

export const findStale = (lock: Lock, inputs: LockInputs, arch: Arch): Stale[] => {
  const images = inputs.images.flatMap((name): Stale[] => {
    const entry = lock.images[name];
    if (entry === undefined) return [{ name, arch, why: 'unknown' }];
    return entry.platforms[arch] === undefined ? [{ name, arch, why: 'no such architecture' }] : [];
  });
  const sets = [...inputs.packages].flatMap(([set, declared]): Stale[] => {
    const name = `deb:${set}`;
    const entry = lock.debian[arch]?.[set];
    if (entry === undefined) return [{ name, arch, why: 'unknown' }];
    return entry.declared === declaredDigest(declared) ? [] : [{ name, arch, why: 'declared otherwise' }];
  });
  return [...images, ...sets, ...(inputs.npm ? staleRuntime(lock, arch) : [])];
};

const staleRuntime = (lock: Lock, arch: Arch): Stale[] => {
  const pin = nodeRuntimePin(arch);
  const name = `npm:${pin.name}`;
  const entry = lock.npm[arch]?.[pin.name];
  if (entry === undefined) return [{ name, arch, why: 'unknown' }];
  const isSame = entry.version === pin.version && entry.integrity === pin.integrity;
  return isSame ? [] : [{ name, arch, why: 'of another Slipway' }];
};

/**
 * @param fileName of the lock, for the error
 * @throws {SlipwayError} LOCK_STALE with all that is missing
 */
export const assertFresh = (lock: Lock, inputs: LockInputs, arch: Arch, fileName: string): void => {
  const stale = findStale(lock, inputs, arch);
  if (stale.length === 0) return;
  const list = stale.map(({ name, why }) => `  ${name} (${arch}): ${why}`).join('\n');
  throw new SlipwayError(
    'LOCK_STALE',
    `${fileName}: expected all that the image file names, found otherwise; run slipway lock with the same files and --arch ${arch}, then commit ${fileName}:\n${list}`,
    { details: { file: fileName, stale } },
  );
};
