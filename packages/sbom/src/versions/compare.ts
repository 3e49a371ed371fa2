import { compareVersions, type PackageType } from '@slipway/protocol';
import { compareAlpine } from './alpine.ts';
import { compareDebian } from './debian.ts';
import { compareGo } from './go.ts';
import { compareNatural } from './natural.ts';

/**
 * The order of versions within one ecosystem. Every text has its place, also one that its ecosystem would refuse.
 *
 * @returns negative: `a` is before `b`; 0: they are the same, even if they are written differently
 */
export const comparePackageVersions = (type: PackageType, a: string, b: string): number => {
  switch (type) {
    case 'deb':
      return compareDebian(a, b);
    case 'apk':
      return compareAlpine(a, b);
    case 'npm':
      return compareVersions(withoutV(a), withoutV(b));
    case 'golang':
      return compareGo(a, b);
    case 'oci':
    case 'generic':
      return compareNatural(plain(a), plain(b));
    default:
      return type satisfies never;
  }
};

const withoutV = (version: string): string => version.replace(/^[v=]+/, '');

/** Of tags, kernels and the like no rule is known: what is called a candidate comes before what it is one for. */
const plain = (version: string): string =>
  withoutV(version).replace(
    /[-._]?(alpha|beta|pre|rc|dev)(?![a-z])/gi,
    (_whole, word: string) => `~${word.toLowerCase()}`,
  );
