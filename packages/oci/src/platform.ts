import type { Arch } from '@slipway/protocol';
import type { Descriptor, Platform } from './oci-schema.ts';

const ARCH_NAMES: Readonly<Record<string, string>> = {
  x86_64: 'amd64',
  'x86-64': 'amd64',
  aarch64: 'arm64',
};
/** What every machine of an architecture runs; an image for `v9` or `v3` does not start on all of them. */
const BASE_VARIANTS: Readonly<Record<Arch, readonly string[]>> = { amd64: ['v1'], arm64: ['v8', '8'] };

const archName = (name: string): string => ARCH_NAMES[name.toLowerCase()] ?? name.toLowerCase();

/** Whether an image for a platform runs on every Linux machine of an architecture. */
export const fitsPlatform = ({ os, architecture, variant = '' }: Platform, arch: Arch): boolean =>
  os.toLowerCase() === 'linux' &&
  archName(architecture) === arch &&
  (variant === '' || BASE_VARIANTS[arch].includes(variant));

export const formatPlatform = ({ os, architecture, variant = '' }: Platform): string =>
  `${os}/${architecture}${variant === '' ? '' : `/${variant}`}`;

/** Indexes list attestations of buildkit beside the images. */
export const isAttestation = ({ platform, annotations }: Descriptor): boolean =>
  annotations?.['vnd.docker.reference.type'] !== undefined ||
  (platform?.os === 'unknown' && platform.architecture === 'unknown');
