import { ARCHITECTURES, hostArch, type Arch } from '@slipway/protocol';

/** The machine that builds. */
export const BUILD_ARCH = hostArch(process.arch);

/** As engines and Dockerfiles write it: `linux/arm/v7`. */
export const platformOf = (arch: Arch): string => {
  const { architecture, variant } = ARCHITECTURES[arch].oci;
  return `linux/${architecture}${variant === undefined ? '' : `/${variant}`}`;
};

/** What engines tell a Dockerfile about the platforms, without being asked. */
export const platformArgs = (arch: Arch): [string, string][] =>
  (
    [
      ['TARGET', arch],
      ['BUILD', BUILD_ARCH],
    ] as const
  ).flatMap(([of, named]): [string, string][] => {
    const { architecture, variant = '' } = ARCHITECTURES[named].oci;
    return [
      [`${of}PLATFORM`, platformOf(named)],
      [`${of}OS`, 'linux'],
      [`${of}ARCH`, architecture],
      [`${of}VARIANT`, variant],
    ];
  });
