/**
 * Which of two versions of a package is the newer, by the rules of where the package comes from, and what that says of two
 * lists of packages. Called by the fleet, too, which needs nothing else of SBOMs.
 */
export { comparePackageVersions } from './compare.ts';
export { debianEpoch } from './debian.ts';
export { diffPackages } from './pair.ts';
