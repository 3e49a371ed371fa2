import type { ImageFile, PackageSet } from '@slipway/image-spec';

/** Debian packages that every image of a device takes programs from (`SYSTEM_PROGRAMS`), whatever its image file says. */
const SYSTEM = ['busybox', 'crun', 'e2fsprogs'];
const FOR_AGENT = ['dosfstools'];
/** Mbed TLS is what `slipway-crypto` is linked with. */
const FOR_RUNTIME = {
  quickjs: ['quickjs', 'libmbedtls21'],
  node: ['libatomic1', 'libstdc++6', 'openssl'],
} as const;
const BOOT_LOADER = ['systemd-boot-efi'];

/** Whether an image has the Node that is pinned in npm's registry. */
export const needsNode = ({ agent }: Pick<ImageFile, 'agent'>): boolean =>
  agent.enabled && agent.runtime === 'node';

const loader = (sources: Pick<PackageSet, 'debian'>): PackageSet => ({
  install: BOOT_LOADER,
  dependencies: 'none',
  // A device never reads what lies below usr/lib/systemd, so it is left out unless it is named.
  include: ['usr/lib/systemd/boot/efi/*'],
  ...sources,
});

/** What starts a machine for which there is no image file. */
export const LOADER_PACKAGES = { 'slipway-loader': loader({}) };

/** The package sets that Slipway brings itself, from the archives that the image file names. */
export const systemPackages = ({
  agent,
  debian,
}: Pick<ImageFile, 'agent' | 'debian'>): Readonly<
  Record<'slipway-system' | 'slipway-loader', PackageSet>
> => {
  const sources = debian === undefined ? {} : { debian: [...debian] };
  return {
    'slipway-system': {
      install: [...SYSTEM, ...(agent.enabled ? [...FOR_AGENT, ...FOR_RUNTIME[agent.runtime]] : [])],
      dependencies: 'full',
      ...sources,
    },
    'slipway-loader': loader(sources),
  };
};
