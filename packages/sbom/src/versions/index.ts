/** Which of two versions of a package is the newer, by the rules of where the package comes from. */
export { comparePackageVersions } from './compare.ts';
export { debianEpoch } from './debian.ts';
