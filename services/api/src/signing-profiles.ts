import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseClassFile } from '@slipway/image-spec';
import { DEFAULT_PROFILE, KeyId, SigningProfile, SlipwayError, type BuildRequest } from '@slipway/protocol';
import { keyIdOf, splitCertificates } from '@slipway/signing';

/** What devices trust releases by, of each signing profile. */
export type SigningProfiles = {
  /** the default one first */
  readonly names: readonly SigningProfile[];
  /**
   * PEM: while one root takes the place of another it is two of them.
   *
   * @throws {SlipwayError} SIGNING_PROFILE_UNKNOWN
   */
  readonly rootOf: (profile: SigningProfile) => string;
  /** the key that is worked with; undefined where its file holds no certificate. @throws {SlipwayError} as `rootOf` */
  readonly keyOf: (profile: SigningProfile) => KeyId | undefined;
};

const readRoot = async (folder: string): Promise<string | undefined> =>
  readFile(join(folder, 'release-root.pem'), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw error;
  });

/**
 * @param rootPem of the default profile
 * @param folder `NAME/release-root.pem` of each other one; absent: there is none
 */
export const openSigningProfiles = async (
  rootPem: string,
  folder: string | undefined,
): Promise<SigningProfiles> => {
  const roots = new Map<SigningProfile, string>([[DEFAULT_PROFILE, rootPem]]);
  const entries = folder === undefined ? [] : await readdir(folder).catch(() => []);
  for (const entry of entries.sort()) {
    const name = SigningProfile.safeParse(entry);
    if (folder === undefined || !name.success || roots.has(name.data)) continue;
    const root = await readRoot(join(folder, entry));
    if (root !== undefined) roots.set(name.data, root);
  }
  const names = [...roots.keys()];
  const rootOf = (profile: SigningProfile): string => {
    const root = roots.get(profile);
    if (root !== undefined) return root;
    throw new SlipwayError(
      'SIGNING_PROFILE_UNKNOWN',
      `There is no signing profile ${profile} here; known: ${names.join(', ')}. Make it by slipway keys profile create ${profile} and restart the instance, or name another one in the class file.`,
      { details: { profile, known: names } },
    );
  };
  return {
    names,
    rootOf,
    keyOf: (profile) => {
      const pem = rootOf(profile);
      try {
        return KeyId.parse(keyIdOf(splitCertificates(pem)[0]));
      } catch {
        return undefined;
      }
    },
  };
};

type Wish = { readonly signing: SigningProfile; readonly alsoTrusts: readonly SigningProfile[] };

/**
 * What goes into the image of a class: the root of the profile that signs for it, then those that it trusts beside it.
 *
 * @throws {SlipwayError} SIGNING_PROFILE_UNKNOWN
 */
export const rootsOf = (
  profiles: Pick<SigningProfiles, 'rootOf'>,
  { signing, alsoTrusts }: Wish,
): BuildRequest['deployment']['releaseRoot'] =>
  [...new Set([signing, ...alsoTrusts])].map((name) => profiles.rootOf(name)).join('');

/** Whose keys sign what was asked for. */
export const signingOf = ({ classFile }: Pick<BuildRequest, 'classFile'>): SigningProfile =>
  parseClassFile(classFile.text, classFile.name).signing;
