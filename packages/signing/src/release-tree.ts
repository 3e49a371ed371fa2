import { type Identity, makeAuthority, makeLeaf, validFor } from './certificates.ts';

/**
 * The tree that signs releases: root → intermediate → leaf. Devices carry the root's certificate; the root's key is
 * needed only to make another intermediate and belongs offline; the signer works with the leaf.
 */
export type ReleaseTree = {
  readonly root: Identity;
  readonly intermediate: Identity;
  readonly leaf: Identity;
};

const YEAR = 365;

export const makeReleaseTree = async (name: string, now = new Date()): Promise<ReleaseTree> => {
  const root = await makeAuthority({
    commonName: `${name} release root`,
    kind: 'rsa-3072',
    pathLength: 1,
    validity: validFor(30 * YEAR, now),
  });
  const intermediate = await makeReleaseIntermediate(name, root, now);
  return { root, intermediate, leaf: await makeReleaseSigner(name, intermediate, now) };
};

/** Another one below the same root, which devices know; it signs leaves only. */
export const makeReleaseIntermediate = (name: string, root: Identity, now = new Date()): Promise<Identity> =>
  makeAuthority(
    {
      commonName: `${name} release intermediate`,
      kind: 'rsa-3072',
      pathLength: 0,
      validity: validFor(20 * YEAR, now),
    },
    root,
  );

/** Another leaf: devices take what it signs, because they know the root. */
export const makeReleaseSigner = (
  name: string,
  intermediate: Identity,
  now = new Date(),
): Promise<Identity> =>
  makeLeaf(
    { commonName: `${name} release signing`, usage: 'codeSigning', validity: validFor(10 * YEAR, now) },
    'rsa-3072',
    intermediate,
  );
