/**
 * The version of a build that nobody gave one: the next patch of the last build of its class; after a pre-release, the
 * release that it leads to; of the first build, `1.0.0`.
 *
 * @param last a semantic version
 * @param leapt versions after the last may have been given, and are not known: the next minor version
 */
export const nextVersion = (last: string | undefined, leapt = false): string => {
  const [, major, minor, patch, prerelease] = /^(\d+)\.(\d+)\.(\d+)(-[^+]+)?/.exec(last ?? '') ?? [];
  if (major === undefined || minor === undefined || patch === undefined) return '1.0.0';
  if (leapt) return `${major}.${BigInt(minor) + 1n}.0`;
  return `${major}.${minor}.${prerelease === undefined ? BigInt(patch) + 1n : patch}`;
};
