import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DEFAULT_PROFILE, SlipwayError, type SigningProfile } from '@slipway/protocol';
import { isThere, makeKeyFolder, readPem } from './key-files.ts';
import { offlineFiles, refuseOther, signerFiles } from './offline-keys.ts';
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

/**
 * Makes keys of its own for a signing profile: a release root with an intermediate and a signer below it, and those of Secure
 * Boot. What the signer works with comes last: its presence says that all is there.
 *
 * @throws {SlipwayError} CONFLICT where it is there; NOT_FOUND where no instance has keys in the data directory;
 *   KEY_MISMATCH where the medium has keys of a profile of this name
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
  if (await isThere(offline)) throw refuseOther(offline);
  const { enrolmentFiles, keyIdOf, makeReleaseTree, makeSecureBootTree } = await import('@slipway/signing');
  const name = nameOf(places);
  const [tree, boot] = await Promise.all([makeReleaseTree(name), makeSecureBootTree(name)]);

  const own = dirname(published);
  const secureBootDir = join(own, 'secure-boot');
  await rm(own, { recursive: true, force: true });
  await mkdir(secureBootDir, { recursive: true });
  for (const [file, content] of Object.entries(enrolmentFiles(boot)))
    await writeFile(join(secureBootDir, file), content, { flush: true });
  await writeFile(published, tree.root.certificatePem, { flush: true });
  await makeKeyFolder(offline, {
    ...offlineFiles(tree),
    'PK.key.pem': boot.pk.keyPem,
    'KEK.key.pem': boot.kek.keyPem,
  });
  const unfinished = `${keys}.unfinished`;
  await makeKeyFolder(unfinished, signerFiles(tree));
  await makeKeyFolder(join(unfinished, 'secure-boot'), {
    'db.key.pem': boot.db.keyPem,
    'db.pem': boot.db.certificatePem,
  });
  await rename(unfinished, keys);
  return {
    profile,
    root: keyIdOf(tree.root.certificatePem),
    rootFile: published,
    secureBootDir,
    offlineDir: offline,
  };
};
