import { createPrivateKey, X509Certificate } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { SlipwayError } from '@slipway/protocol';
import type { Identity, ReleaseTree } from '@slipway/signing';
import { isThere, makeKeyFolder, readPem, replaceInside } from './key-files.ts';
import type { ReleasePlaces } from './release-places.ts';

export const ROOT_KEY = 'root.key.pem';
export const INTERMEDIATE_KEY = 'intermediate.key.pem';

/** @throws {SlipwayError} KEY_MISMATCH where a medium with the keys of something else is attached */
export const withKey = async (certificatePem: string, keyFile: string): Promise<Identity> => {
  const keyPem = await readPem(keyFile);
  const certificate = new X509Certificate(certificatePem);
  if (certificate.checkPrivateKey(createPrivateKey(keyPem))) return { certificatePem, keyPem };
  throw new SlipwayError(
    'KEY_MISMATCH',
    `Expected in ${keyFile} the key of ${certificate.subject}, found another one. Attach the medium that belongs to this instance; where a rotation was cut, rotate what stands above it.`,
  );
};

const isKeyOf = async (certificatePem: string, keyFile: string): Promise<boolean> =>
  new X509Certificate(certificatePem).checkPrivateKey(createPrivateKey(await readPem(keyFile)));

/** Keys that are of nothing we know may be the only ones of something in use. */
export const refuseOther = (folder: string): SlipwayError =>
  new SlipwayError(
    'KEY_MISMATCH',
    `Expected no other keys in ${folder}, found some that may be the only ones of their kind. Nothing was written over. If they are left from a rotation that is done or was given up, move the folder away; otherwise attach the medium that belongs to this instance.`,
  );

/** What the signer works with. */
export const signerFiles = (tree: ReleaseTree): Record<string, string> => ({
  'leaf.key.pem': tree.leaf.keyPem,
  'leaf.pem': tree.leaf.certificatePem,
  'intermediate.pem': tree.intermediate.certificatePem,
  'root.pem': tree.root.certificatePem,
});

/** What belongs on a medium. */
export const offlineFiles = (tree: ReleaseTree): Record<string, string> => ({
  [INTERMEDIATE_KEY]: tree.intermediate.keyPem,
  [ROOT_KEY]: tree.root.keyPem,
});

/**
 * The next root, its keys on the medium before anything trusts it. One that was begun and cut is gone on with, as its keys and
 * its certificate are there.
 *
 * @param make makes a tree
 * @returns certificate of the root
 */
export const beginRoot = async (
  { next, offlineNext, offlineFormer }: ReleasePlaces,
  make: () => Promise<ReleaseTree>,
): Promise<string> => {
  if (await isThere(offlineFormer)) throw refuseOther(offlineFormer);
  if (await isThere(offlineNext)) {
    const certificate = join(next, 'root.pem');
    if (!(await isThere(certificate))) throw refuseOther(offlineNext);
    const begun = await readPem(certificate);
    if (!(await isKeyOf(begun, join(offlineNext, ROOT_KEY)))) throw refuseOther(offlineNext);
    return begun;
  }
  const tree = await make();
  await makeKeyFolder(next, signerFiles(tree));
  await makeKeyFolder(offlineNext, offlineFiles(tree));
  return tree.root.certificatePem;
};

/** Puts the keys of the next root in the place of the present one's, which are kept: also where a cut has left it halfway. */
export const switchOffline = async (
  { offline, offlineNext, offlineFormer }: ReleasePlaces,
  first: string,
  second: string,
): Promise<void> => {
  const present = join(offline, ROOT_KEY);
  const former = join(offlineFormer, ROOT_KEY);
  const isKept = await isThere(former);
  if (isKept && !(await isKeyOf(first, former))) throw refuseOther(offlineFormer);
  // The root's key is written last, so all of the next one's are there.
  if (!(await isKeyOf(second, present))) {
    const root = await withKey(first, present);
    const nextRoot = await withKey(second, join(offlineNext, ROOT_KEY));
    const nextIntermediate = await readPem(join(offlineNext, INTERMEDIATE_KEY));
    if (!isKept)
      await makeKeyFolder(offlineFormer, {
        [INTERMEDIATE_KEY]: await readPem(join(offline, INTERMEDIATE_KEY)),
        [ROOT_KEY]: root.keyPem,
      });
    await replaceInside(offline, { [INTERMEDIATE_KEY]: nextIntermediate, [ROOT_KEY]: nextRoot.keyPem });
  }
  const left = join(offlineNext, ROOT_KEY);
  if ((await isThere(left)) && !(await isKeyOf(second, left))) throw refuseOther(offlineNext);
  await rm(offlineNext, { recursive: true, force: true });
};
