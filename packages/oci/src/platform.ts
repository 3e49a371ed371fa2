import { ARCHITECTURES, type Arch } from '@slipway/protocol';
import type { Descriptor, Platform } from './oci-schema.ts';

/** Some write a compiler's name of it. */
const isArchitecture = (name: string, { oci, aliases }: (typeof ARCHITECTURES)[Arch]): boolean =>
  [oci.architecture, ...aliases].includes(name.toLowerCase());

/**
 * How well an image for a platform suits the Linux machines of an architecture: 0 is best. A variant that only some of
 * them have does not suit, nor does one that is above theirs, such as arm64/v9.
 *
 * @returns undefined if it does not run on every one of them
 */
export const platformRank = (
  { os, architecture, variant = '' }: Platform,
  arch: Arch,
): number | undefined => {
  const facts = ARCHITECTURES[arch];
  if (os.toLowerCase() !== 'linux' || !isArchitecture(architecture, facts)) return undefined;
  if (variant === '') return 0;
  const rank = facts.variants.indexOf(`v${variant.toLowerCase().replace(/^v/, '')}`);
  return rank < 0 ? undefined : rank;
};

/** The first of those that suit best. */
export const bestOf = <T>(
  items: readonly T[],
  platformOf: (item: T) => Platform,
  arch: Arch,
): T | undefined =>
  items
    .map((item) => ({ item, rank: platformRank(platformOf(item), arch) ?? Infinity }))
    .filter(({ rank }) => rank < Infinity)
    .sort((a, b) => a.rank - b.rank)[0]?.item;

export const formatPlatform = ({ os, architecture, variant = '' }: Platform): string =>
  `${os}/${architecture}${variant === '' ? '' : `/${variant}`}`;

/** Indexes list attestations of buildkit beside the images. */
export const isAttestation = ({ platform, annotations }: Descriptor): boolean =>
  annotations?.['vnd.docker.reference.type'] !== undefined ||
  (platform?.os === 'unknown' && platform.architecture === 'unknown');
