import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DEFAULT_PROFILE, SlipwayError, type SigningProfile } from '@slipway/protocol';
import { takePlace } from '@slipway/signing';
import { isThere, makeKeyFolder, readPem } from './key-files.ts';
import { offlineFiles, refuseOther, ROOT_KEY, signerFiles } from './offline-keys.ts';
import { nameOf, type KeyPlaces } from './plan.ts';
import { releasePlaces } from './release-places.ts';

export type MadeProfile = {
  readonly profile: SigningProfile;
  /** id of the key of its root */
  readonly root: string;
  /** what devices trust */
  readonly rootFile: string;
  /** what devices with Secure Boot enrol */
  readonly secureBootDir: string;
  /** keys that belong on a medium */
  readonly offlineDir: string;
};

/** @throws {SlipwayError} SIGNING_PROFILE_UNKNOWN where the data directory has no such profile */
export const requireProfile = async (places: KeyPlaces): Promise<void> => {
  const { profile, dataDir } = places;
  if (profile === DEFAULT_PROFILE || (await isThere(releasePlaces(places).keys))) return;
  const known = await readdir(join(dataDir, 'signer', 'keys', 'profiles')).catch(() => []);
  throw new SlipwayError(
    'SIGNING_PROFILE_UNKNOWN',
    `There is no signing profile ${profile} in ${dataDir}; it has: ${[DEFAULT_PROFILE, ...known].join(', ')}. Make it by slipway keys profile create ${profile}.`,
    { details: { profile } },
  );
};

/** A folder is all there or not at all, so what is in it belongs together. */
const isPairOf = async (unfinished: string, offline: string): Promise<boolean> => {
  if (!(await isThere(unfinished))) return false;
  const root = new X509Certificate(await readPem(join(unfinished, 'root.pem')));
  return root.checkPrivateKey(createPrivateKey(await readPem(join(offline, ROOT_KEY))));
};

/** Where images and devices find what is public, from what the signer has. An instance does the same at each start. */
const publish = async (keys: string, published: string): Promise<void> => {
  const own = dirname(published);
  const secureBoot = join(keys, 'secure-boot');
  const files = (await readdir(secureBoot)).filter((name) => !name.includes('.key.'));
  await rm(own, { recursive: true, force: true });
  await makeKeyFolder(own, {
    'release-root.pem': await readPem(join(keys, 'root.pem')),
    ...Object.fromEntries(
      await Promise.all(
        files.map(
          async (name) => [join('secure-boot', name), await readFile(join(secureBoot, name))] as const,
        ),
      ),
    ),
  });
};

/**
 * Makes keys of its own for a signing profile: a release root with an intermediate and a signer below it, and those of Secure
 * Boot. What the signer works with comes last, and only then what others know it by: its presence says that all is there.
 * One that was cut is gone on with.
 *
 * @throws {SlipwayError} CONFLICT where it is there; NOT_FOUND where no instance has keys in the data directory;
 *   KEY_MISMATCH where the medium has other keys of a profile of this name
 */
export const makeProfile = async (places: KeyPlaces): Promise<MadeProfile> => {
  const { profile, dataDir } = places;
  const { keys, offline, published } = releasePlaces(places);
  if (profile === DEFAULT_PROFILE || (await isThere(keys)))
    throw new SlipwayError(
      'CONFLICT',
      `There is a signing profile ${profile} in ${dataDir}. Choose another name; its next keys are made by slipway keys rotate --profile ${profile}.`,
      { details: { profile } },
    );
  // Its first start makes the keys of an instance, and takes what lies in their place for left over.
  await readPem(join(dataDir, 'signer', 'keys', 'root.pem'));
  const { enrolmentFiles, keyIdOf, makeReleaseTree, makeSecureBootTree } = await import('@slipway/signing');
  const unfinished = `${keys}.unfinished`;
  if (await isThere(offline)) {
    if (!(await isPairOf(unfinished, offline))) throw refuseOther(offline);
  } else {
    const name = nameOf(places);
    const [tree, boot] = await Promise.all([makeReleaseTree(name), makeSecureBootTree(name)]);
    await makeKeyFolder(unfinished, {
      ...signerFiles(tree),
      'secure-boot/db.key.pem': boot.db.keyPem,
      ...Object.fromEntries(
        Object.entries(enrolmentFiles(boot)).map(([file, content]) => [join('secure-boot', file), content]),
      ),
    });
    await makeKeyFolder(offline, {
      ...offlineFiles(tree),
      'PK.key.pem': boot.pk.keyPem,
      'KEK.key.pem': boot.kek.keyPem,
    });
  }
  await takePlace(unfinished, keys);
  await publish(keys, published);
  return {
    profile,
    root: keyIdOf(await readPem(published)),
    rootFile: published,
    secureBootDir: join(dirname(published), 'secure-boot'),
    offlineDir: offline,
  };
};
