import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { DEFAULT_PROFILE, SlipwayError, systemError, type SigningProfile } from '@slipway/protocol';
import { instanceHere, type Where } from './context.ts';

type Instance = NonNullable<Awaited<ReturnType<typeof instanceHere>>>;

/**
 * PEM of what devices trust releases by that a signing profile of the instance here signs.
 *
 * @throws {SlipwayError} SIGNING_PROFILE_UNKNOWN, CONFIG_INVALID
 */
export const rootOfInstance = async (
  { releaseRootFile, profilesDir }: Pick<Instance, 'releaseRootFile' | 'profilesDir'>,
  profile: SigningProfile,
): Promise<string> => {
  const file =
    profile === DEFAULT_PROFILE
      ? releaseRootFile
      : profilesDir === undefined
        ? undefined
        : join(profilesDir, profile, 'release-root.pem');
  const root =
    file === undefined
      ? undefined
      : await readFile(file, 'utf8').catch((cause: unknown) => {
          if (systemError(cause, ['ENOENT']) === undefined) throw cause;
          return undefined;
        });
  if (root !== undefined) return root;
  throw new SlipwayError(
    'SIGNING_PROFILE_UNKNOWN',
    `The instance here has no signing profile ${profile}. Make it by slipway keys profile create ${profile}, or name another one in the class file.`,
    { details: { profile } },
  );
};

/** Whether the instance here has signing profiles beside the default one. */
export const hasOtherProfiles = async (where: Where): Promise<boolean> => {
  const folder = (await instanceHere(where))?.profilesDir;
  return folder !== undefined && (await readdir(folder).catch(() => [])).length > 0;
};

/**
 * PEM of the root that releases are verified by: the file named, or that of a profile of the running instance.
 *
 * @throws {SlipwayError} CONFIG_INVALID, SIGNING_PROFILE_UNKNOWN
 */
export const releaseRoot = async (
  where: Where,
  file: string | undefined,
  profile: () => Promise<SigningProfile>,
): Promise<string> => {
  if (file !== undefined) return readFile(resolve(where.cwd, file), 'utf8');
  const here = await instanceHere(where);
  if (here?.releaseRootFile === undefined)
    throw new SlipwayError('CONFIG_INVALID', 'No release root is known. Name its PEM file by --root.');
  return rootOfInstance(here, await profile());
};
