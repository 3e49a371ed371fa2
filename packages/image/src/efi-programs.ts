import { resolveComponent, type Component, type ResolveOptions } from '@slipway/components';
import type { ImageFile } from '@slipway/image-spec';
import { SlipwayError } from '@slipway/protocol';
import { systemPackages } from './system-packages.ts';

const SET = 'slipway-loader';

/**
 * systemd's programs for UEFI, for a format that needs them: the package set `slipway-loader`, which an image file may
 * declare for itself, to choose its archive or to have it in a lock.
 *
 * @throws {SlipwayError} LOCK_STALE if there is a lock that does not say what they are; as `resolveComponent`
 */
export const resolveEfiPrograms = async (
  spec: ImageFile,
  options: Omit<ResolveOptions, 'spec'>,
): Promise<Component> => {
  if (options.lockedPackages !== undefined && !options.lockedPackages.has(SET))
    throw new SlipwayError(
      'LOCK_STALE',
      `the lock file does not say what ${SET} is, which starts images under UEFI; declare it in the image file and run slipway lock:\n  packages:\n    ${SET}: { install: [systemd-boot-efi], dependencies: none, include: ['usr/lib/systemd/boot/efi/*'] }`,
      { details: { component: `deb:${SET}` } },
    );
  const packages = { [SET]: systemPackages(spec)[SET], ...spec.packages };
  return resolveComponent(`deb:${SET}`, { ...options, spec: { packages } });
};
