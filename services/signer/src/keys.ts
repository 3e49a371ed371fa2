import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DEFAULT_PROFILE, messageOf, SigningProfile, SlipwayError } from '@slipway/protocol';
import type { Identity } from '@slipway/signing';
import { assertPrivate } from './config.ts';

/** Of one signing profile; PEM. The key of the root is not here: it belongs offline. */
export type SigningKeys = {
  readonly leafKeyPem: string;
  readonly leafCertPem: string;
  readonly chainPem: string;
  readonly rootPem: string;
  /** the key whose certificate is in the `db` of devices; absent where no class needs it */
  readonly secureBoot?: Identity;
};

/** Left out by whoever has no class with Secure Boot. */
const readSecureBootKey = async (folder: string): Promise<Identity | undefined> => {
  const read = (name: string) =>
    readFile(join(folder, name), 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
  const [keyPem, certificatePem] = await Promise.all([read('db.key.pem'), read('db.pem')]);
  return keyPem === undefined || certificatePem === undefined ? undefined : { keyPem, certificatePem };
};

const readProfile = async (directory: string): Promise<SigningKeys> => {
  const read = (name: string) => readFile(join(directory, name), 'utf8');
  const [leafKeyPem, leafCertPem, chainPem, rootPem] = await Promise.all([
    read('leaf.key.pem'),
    read('leaf.pem'),
    read('intermediate.pem'),
    read('root.pem'),
  ]);
  const secureBoot = await readSecureBootKey(join(directory, 'secure-boot'));
  return {
    leafKeyPem,
    leafCertPem,
    chainPem,
    rootPem,
    ...(secureBoot === undefined ? {} : { secureBoot }),
  };
};

/** The keys of each signing profile. */
export type KeyRing = {
  /** @throws {SlipwayError} SIGNING_PROFILE_UNKNOWN; CONFIG_INVALID where its keys are broken */
  readonly of: (profile: SigningProfile) => SigningKeys;
};

/** Names with anything else in them are folders that a rotation was cut in. */
const profilesIn = async (directory: string): Promise<readonly SigningProfile[]> => {
  const names = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return names.flatMap((name) => {
    const profile = SigningProfile.safeParse(name);
    return profile.success && profile.data !== DEFAULT_PROFILE ? [profile.data] : [];
  });
};

/** Keys that cannot sign: what is missing of them, or does not belong together. */
const assertWhole = ({ leafKeyPem, leafCertPem }: SigningKeys): void => {
  if (new X509Certificate(leafCertPem).checkPrivateKey(createPrivateKey(leafKeyPem))) return;
  throw new SlipwayError('CONFIG_INVALID', 'leaf.key.pem is not the key of leaf.pem');
};

/**
 * The keys of the default profile are in the folder itself, those of each other one in `profiles/NAME`. One that is broken
 * is left out: classes by it are refused, and the others signed.
 *
 * @param onBroken told of each that is left out
 * @throws {SlipwayError} CONFIG_INVALID
 */
export const readSigningKeys = async (
  directory: string,
  onBroken: (profile: SigningProfile, error: unknown) => void = () => undefined,
): Promise<KeyRing> => {
  await assertPrivate(directory);
  const folder = join(directory, 'profiles');
  const names = await profilesIn(folder);
  const profiles = new Map<SigningProfile, SigningKeys>([[DEFAULT_PROFILE, await readProfile(directory)]]);
  const broken = new Map<SigningProfile, unknown>();
  for (const name of names) {
    try {
      const keys = await readProfile(join(folder, name));
      assertWhole(keys);
      profiles.set(name, keys);
    } catch (error) {
      broken.set(name, error);
      onBroken(name, error);
    }
  }
  return {
    of: (profile) => {
      const keys = profiles.get(profile);
      if (keys !== undefined) return keys;
      if (broken.has(profile))
        throw new SlipwayError(
          'CONFIG_INVALID',
          `The keys of the signing profile ${profile} in ${join(folder, profile)} are not whole: ${messageOf(broken.get(profile))}. Put them back from a backup and restart the instance.`,
          { cause: broken.get(profile), details: { profile } },
        );
      throw new SlipwayError(
        'SIGNING_PROFILE_UNKNOWN',
        `The signer has no keys of the signing profile ${profile}; it has: ${[...profiles.keys()].join(', ')}. Make it by slipway keys profile create ${profile} and restart the instance, or name another one in the class file.`,
        { details: { profile, known: [...profiles.keys()] } },
      );
    },
  };
};
