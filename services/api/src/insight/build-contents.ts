import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { CONTENTS_NAME, SlipwayError, type Build } from '@slipway/protocol';
import { parseContents, type TreeNode } from '@slipway/sbom/contents';
import type { ArtifactStore } from '../artifact-store.ts';

/** The files of builds, as trees. */
export type ContentsReader = {
  /** @returns undefined where the build has no list of its files @throws {SlipwayError} CONTENTS_INVALID */
  readonly find: (build: Build) => Promise<TreeNode | undefined>;
  /** @throws {SlipwayError} NOT_FOUND where the build has none, CONTENTS_INVALID */
  readonly read: (build: Build) => Promise<TreeNode>;
};

/** A million files have a tenth of it. */
const MAX_TEXT_BYTES = 1024 * 1024 * 1024;
/** Who looks into a build asks again and again, folder by folder. */
const KEPT = 4;
const unzip = promisify(gunzip);

export const openContentsReader = (store: Pick<ArtifactStore, 'artifactPath'>): ContentsReader => {
  const kept = new Map<string, Promise<TreeNode>>();
  const load = async (build: Build, digest: string): Promise<TreeNode> => {
    const bytes = await readFile(store.artifactPath(build.id, CONTENTS_NAME)).catch((cause: unknown) => {
      throw new SlipwayError(
        'NOT_FOUND',
        `The list of files of build ${build.id} is no longer in the store.`,
        { cause },
      );
    });
    const found = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
    if (found !== digest)
      throw new SlipwayError(
        'CONTENTS_INVALID',
        `The list of files of build ${build.id}: expected ${digest}, found ${found}. Find out who writes into the store, and build again.`,
      );
    return parseContents((await unzip(bytes, { maxOutputLength: MAX_TEXT_BYTES })).toString());
  };
  const find = async (build: Build): Promise<TreeNode | undefined> => {
    const digest = build.artifacts.find(({ name }) => name === CONTENTS_NAME)?.digest;
    if (digest === undefined) return undefined;
    const tree = kept.get(digest) ?? load(build, digest);
    // The one that was asked for last is the last to go.
    kept.delete(digest);
    kept.set(digest, tree);
    tree.catch(() => kept.delete(digest));
    const [oldest] = kept.keys();
    if (kept.size > KEPT && oldest !== undefined) kept.delete(oldest);
    return tree;
  };
  return {
    find,
    read: async (build) => {
      const tree = await find(build);
      if (tree !== undefined) return tree;
      throw new SlipwayError(
        'NOT_FOUND',
        build.state === 'succeeded'
          ? `Build ${build.id} has no list of its files: its worker was of before. Build again.`
          : `Build ${build.id} is ${build.state}; what is in an image is known once it is built.`,
      );
    },
  };
};
