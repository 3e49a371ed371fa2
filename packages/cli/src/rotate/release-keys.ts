import { createPrivateKey, X509Certificate } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SlipwayError } from '@slipway/protocol';
import type { Identity } from '@slipway/signing';
import { isThere, laterThan, makeKeyFolder, nextName, readPem, replaceIn } from './key-files.ts';
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
      await replaceIn(offline, { [INTERMEDIATE_KEY]: intermediate.keyPem });
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
        const tree = await makeReleaseTree(nextName(), laterThan(first, ROOT_DAYS));
        await makeKeyFolder(places.offlineNext, {
          [ROOT_KEY]: tree.root.keyPem,
          [INTERMEDIATE_KEY]: tree.intermediate.keyPem,
        });
        await makeKeyFolder(places.next, {
          'leaf.key.pem': tree.leaf.keyPem,
          'leaf.pem': tree.leaf.certificatePem,
          'intermediate.pem': tree.intermediate.certificatePem,
        });
        const both = `${first}${tree.root.certificatePem}`;
        await replaceIn(places.keys, { 'root.pem': both });
        await publish(both);
        return rotated('release-root (next)', first, tree.root.certificatePem);
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
        if (await isThere(places.offlineNext)) {
          const offline = async (name: string) => readPem(join(places.offline, name));
          await makeKeyFolder(places.offlineFormer, {
            [ROOT_KEY]: await offline(ROOT_KEY),
            [INTERMEDIATE_KEY]: await offline(INTERMEDIATE_KEY),
          });
          await replaceIn(places.offline, {
            [ROOT_KEY]: await offline(`next/${ROOT_KEY}`),
            [INTERMEDIATE_KEY]: await offline(`next/${INTERMEDIATE_KEY}`),
          });
          await rm(places.offlineNext, { recursive: true });
        }
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
      await replaceIn(places.keys, { 'root.pem': first });
      await publish(first);
      await rm(places.offlineFormer, { recursive: true, force: true });
      return rotated('release-root', second, first);
    },
  };
};
