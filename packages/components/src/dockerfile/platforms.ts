import type { Arch } from '@slipway/protocol';

/** The machine that builds, as images name its architecture. */
export const BUILD_ARCH = process.arch === 'x64' ? 'amd64' : process.arch;

/** What engines tell a Dockerfile about the platforms, without being asked. */
export const platformArgs = (arch: Arch): [string, string][] =>
  (
    [
      ['TARGET', arch],
      ['BUILD', BUILD_ARCH],
    ] as const
  ).flatMap(([of, name]): [string, string][] => [
    [`${of}PLATFORM`, `linux/${name}`],
    [`${of}OS`, 'linux'],
    [`${of}ARCH`, name],
    [`${of}VARIANT`, ''],
  ]);
