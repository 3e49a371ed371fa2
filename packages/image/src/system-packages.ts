import type { ImageFile, PackageSet } from '@slipway/image-spec';

/** Debian packages that are part of every image of a device, whatever its image file says. */
const SYSTEM = ['busybox-static', 'crun', 'e2fsprogs'];
const FOR_AGENT = ['openssl', 'libatomic1', 'libstdc++6'];
const BOOT = ['dmsetup'];
const BOOT_LOADER = ['systemd-boot-efi'];

/** The package sets that Slipway brings itself, from the archives that the image file names. */
export const systemPackages = ({
  agent,
  debian,
}: Pick<ImageFile, 'agent' | 'debian'>): Readonly<
  Record<'slipway-system' | 'slipway-boot' | 'slipway-loader', PackageSet>
> => {
  const sources = debian === undefined ? {} : { debian: [...debian] };
  return {
    'slipway-system': {
      install: [...SYSTEM, ...(agent.enabled ? FOR_AGENT : [])],
      dependencies: 'full',
      ...sources,
    },
    'slipway-boot': { install: BOOT, dependencies: 'full', ...sources },
    'slipway-loader': {
      install: BOOT_LOADER,
      dependencies: 'none',
      // A device never reads what lies below usr/lib/systemd, so it is left out unless it is named.
      include: ['usr/lib/systemd/boot/efi/*'],
      ...sources,
    },
  };
};
