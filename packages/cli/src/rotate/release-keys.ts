import { join } from 'node:path';
import { readPem, replaceIn, replaceInside } from './key-files.ts';
import { INTERMEDIATE_KEY, ROOT_KEY, withKey } from './offline-keys.ts';
import { nameOf, oneRotated, type PlanRotation } from './plan.ts';
import { releasePlaces } from './release-places.ts';

/** A signer by the intermediate there is. */
export const planReleaseSigner: PlanRotation = async (where) => {
  const { keyIdOf, makeReleaseSigner } = await import('@slipway/signing');
  const { keys, offline } = releasePlaces(where);
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
      const leaf = await makeReleaseSigner(nameOf(where), intermediate);
      await replaceIn(keys, { 'leaf.pem': leaf.certificatePem, 'leaf.key.pem': leaf.keyPem });
      return oneRotated('release-signer', keyIdOf(before), keyIdOf(leaf.certificatePem));
    },
  };
};

/** An intermediate by the root there is, and a signer below it. */
export const planReleaseIntermediate: PlanRotation = async (where) => {
  const { keyIdOf, makeReleaseIntermediate, makeReleaseSigner, splitCertificates } =
    await import('@slipway/signing');
  const { keys, offline } = releasePlaces(where);
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
      const intermediate = await makeReleaseIntermediate(nameOf(where), root);
      const leaf = await makeReleaseSigner(nameOf(where), intermediate);
      await replaceInside(offline, { [INTERMEDIATE_KEY]: intermediate.keyPem });
      await replaceIn(keys, {
        'leaf.pem': leaf.certificatePem,
        'leaf.key.pem': leaf.keyPem,
        'intermediate.pem': intermediate.certificatePem,
      });
      return [
        ...oneRotated(
          'release-intermediate',
          keyIdOf(before.intermediate),
          keyIdOf(intermediate.certificatePem),
        ),
        ...oneRotated('release-signer', keyIdOf(before.leaf), keyIdOf(leaf.certificatePem)),
      ];
    },
  };
};
