import { createPrivateKey, X509Certificate } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SlipwayError } from '@slipway/protocol';
import type { Identity, ReleaseTree } from '@slipway/signing';
import {
  isThere,
  laterThan,
  makeKeyFolder,
  nextName,
  readPem,
  replaceIn,
  replaceInside,
} from './key-files.ts';
import { dueStep, type KeyPlaces, type PlanRotation } from './plan.ts';

const ROOT_DAYS = 30 * 365;
const ROOT_KEY = 'root.key.pem';
const INTERMEDIATE_KEY = 'intermediate.key.pem';

const placesOf = ({ dataDir, offlineDir }: KeyPlaces) => ({
  keys: join(dataDir, 'signer', 'keys'),
  /** what will sign below the next root */
  next: join(dataDir, 'signer', 'next'),
  /** what images get; an instance writes it anew at each start */
  published: join(dataDir, 'pki', 'release-root.pem'),
  offline: offlineDir,
  offlineNext: join(offlineDir, 'next'),
  offlineFormer: join(offlineDir, 'former'),
});

/** @throws {SlipwayError} KEY_MISMATCH where a medium with the keys of something else is attached */
const withKey = async (certificatePem: string, keyFile: string): Promise<Identity> => {
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
const refuseOther = (folder: string): SlipwayError =>
  new SlipwayError(
    'KEY_MISMATCH',
    `Expected no other keys in ${folder}, found some that may be the only ones of their kind. Nothing was written over. If they are left from a rotation that is done or was given up, move the folder away; otherwise attach the medium that belongs to this instance.`,
  );

type Places = ReturnType<typeof placesOf>;

/**
 * The next root, its keys on the medium before anything trusts it. One that was begun and cut is gone on with, as its keys and
 * its certificate are there.
 *
 * @param make makes a tree
 * @returns certificate of the root
 */
const beginRoot = async (
  { next, offlineNext, offlineFormer }: Places,
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
  await makeKeyFolder(next, {
    'leaf.key.pem': tree.leaf.keyPem,
    'leaf.pem': tree.leaf.certificatePem,
    'intermediate.pem': tree.intermediate.certificatePem,
    'root.pem': tree.root.certificatePem,
  });
  await makeKeyFolder(offlineNext, {
    [INTERMEDIATE_KEY]: tree.intermediate.keyPem,
    [ROOT_KEY]: tree.root.keyPem,
  });
  return tree.root.certificatePem;
};

/** Puts the keys of the next root in the place of the present one's, which are kept: also where a cut has left it halfway. */
const switchOffline = async (
  { offline, offlineNext, offlineFormer }: Places,
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

/** A signer by the intermediate there is. */
export const planReleaseSigner: PlanRotation = async (where) => {
  const { keyIdOf, makeReleaseSigner } = await import('@slipway/signing');
  const { keys, offline } = placesOf(where);
  const before = await readPem(join(keys, 'leaf.pem'));
  return {
    step: 'rotate',
    consequences: [
      'Releases that are built after the next start are signed by a new key of the same intermediate.',
      'Devices take them at once, because they trust the root. Releases from before stay good: a signer that somebody else has got hold of is trusted on.',
    ],
    run: async () => {
      const intermediate = await withKey(
        await readPem(join(keys, 'intermediate.pem')),
        join(offline, INTERMEDIATE_KEY),
      );
      const leaf = await makeReleaseSigner('Slipway', intermediate);
      await replaceIn(keys, { 'leaf.pem': leaf.certificatePem, 'leaf.key.pem': leaf.keyPem });
      return [{ name: 'release-signer', before: keyIdOf(before), after: keyIdOf(leaf.certificatePem) }];
    },
  };
};

/** An intermediate by the root there is, and a signer below it. */
export const planReleaseIntermediate: PlanRotation = async (where) => {
  const { keyIdOf, makeReleaseIntermediate, makeReleaseSigner, splitCertificates } =
    await import('@slipway/signing');
  const { keys, offline } = placesOf(where);
  const before = {
    leaf: await readPem(join(keys, 'leaf.pem')),
    intermediate: await readPem(join(keys, 'intermediate.pem')),
  };
  const [rootPem] = splitCertificates(await readPem(join(keys, 'root.pem')));
  return {
    step: 'rotate',
    consequences: [
      'The root signs another intermediate, and that another signer; they are used from the next start on.',
      'Devices take what they sign at once, because they trust the root. Releases from before stay good.',
      'The key of the next intermediate is written beside that of the root, for the next signer. Detach the medium afterwards.',
    ],
    run: async () => {
      const root = await withKey(rootPem, join(offline, ROOT_KEY));
      const intermediate = await makeReleaseIntermediate('Slipway', root);
      const leaf = await makeReleaseSigner('Slipway', intermediate);
      await replaceInside(offline, { [INTERMEDIATE_KEY]: intermediate.keyPem });
      await replaceIn(keys, {
        'leaf.pem': leaf.certificatePem,
        'leaf.key.pem': leaf.keyPem,
        'intermediate.pem': intermediate.certificatePem,
      });
      return [
        {
          name: 'release-intermediate',
          before: keyIdOf(before.intermediate),
          after: keyIdOf(intermediate.certificatePem),
        },
        { name: 'release-signer', before: keyIdOf(before.leaf), after: keyIdOf(leaf.certificatePem) },
      ];
    },
  };
};

/** What devices trust releases by: the next root has to be in their images before anything is signed below it. */
export const planReleaseRoot: PlanRotation = async (where) => {
  const { keyIdOf, makeReleaseTree, splitCertificates } = await import('@slipway/signing');
  const places = placesOf(where);
  const roots = splitCertificates(await readPem(join(places.keys, 'root.pem')));
  const [first, second] = roots;
  const step = dueStep(roots.map((pem) => new X509Certificate(pem).validToDate.getTime()));
  const rotated = (name: string, before: string, after: string) => [
    { name, before: keyIdOf(before), after: keyIdOf(after) },
  ];
  const publish = async (pem: string): Promise<void> => {
    if (!(await isThere(places.published))) return;
    await rm(places.published);
    await writeFile(places.published, pem, { flush: true });
  };
  if (step === 'begin' || second === undefined)
    return {
      step: 'begin',
      consequences: [
        'The next root is made, with an intermediate and a signer below it. Images that are built from the next start on trust both roots; releases are signed as before.',
        'Build, publish and roll out a release of every class. Once all devices run one, switch.',
        'The keys of the next root and intermediate are written beside those of the present ones. Detach the medium afterwards.',
      ],
      run: async () => {
        await withKey(first, join(places.offline, ROOT_KEY));
        const next = await beginRoot(places, () => makeReleaseTree(nextName(), laterThan(first, ROOT_DAYS)));
        const both = `${first}${next}`;
        await replaceIn(places.keys, { 'root.pem': both });
        await publish(both);
        return rotated('release-root (next)', first, next);
      },
    };
  if (step === 'switch')
    return {
      step,
      followers: 'release-root',
      consequences: [
        'Releases that are built after the next start are signed below the next root.',
        'Devices whose image does not trust it refuse them (BUNDLE_SIGNER_UNTRUSTED): bring these first to a release that does.',
        'Releases from before stay good for devices that trust both.',
      ],
      run: async () => {
        const next = async (name: string) => readPem(join(places.next, name));
        const files = {
          'leaf.key.pem': await next('leaf.key.pem'),
          'leaf.pem': await next('leaf.pem'),
          'intermediate.pem': await next('intermediate.pem'),
          'root.pem': `${second}${first}`,
        };
        await switchOffline(places, first, second);
        await replaceIn(places.keys, files);
        await publish(files['root.pem']);
        await rm(places.next, { recursive: true });
        return rotated('release-root', first, second);
      },
    };
  return {
    step,
    followers: 'release-root',
    consequences: [
      'Images that are built from the next start on trust the present root alone; the keys of the one before are removed from the medium.',
      'Devices on such images refuse releases from before the switch: none of these can be rolled out to them.',
    ],
    run: async () => {
      // A medium that was not there at the switch is brought to where it should be.
      await switchOffline(places, second, first);
      // Before the files say that all is done: who is cut here is told to do it again.
      await rm(places.offlineFormer, { recursive: true, force: true });
      await replaceIn(places.keys, { 'root.pem': first });
      await publish(first);
      return rotated('release-root', second, first);
    },
  };
};
