import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CommitId, Source, Trigger } from '@slipway/protocol';
import type { ArtifactStore } from '../artifact-store.ts';
import { openImageRepository, type ImageRepository } from '../image-repository.ts';
import type { Sources } from '../sources.ts';

/** An image repository to work in: what is written there is seen by nobody else. */
export type ImageTree = AsyncDisposable & {
  readonly directory: string;
  readonly images: ImageRepository;
  /** absent: the image repository of the server */
  readonly at?: { readonly source: Source; readonly branch: string; readonly commit: CommitId };
};

/**
 * What a trigger looks at now.
 *
 * @throws {SlipwayError} as `Sources.checkOut`
 */
export const openImageTree = async (
  needs: { readonly images: ImageRepository; readonly sources: Sources; readonly store: ArtifactStore },
  { source: name }: Pick<Trigger, 'source'>,
  branch: string | undefined,
): Promise<ImageTree> => {
  if (name !== null) {
    const { images, source, branch: of, commit, ...rest } = await needs.sources.checkOut(name, branch);
    return { ...rest, directory: images.directory, images, at: { source, branch: of, commit } };
  }
  const copy = needs.store.sourcePath(await needs.store.storeSource(needs.images.directory));
  const place = await mkdtemp(join(tmpdir(), 'slipway-tree-'));
  const directory = join(place, 'tree');
  await cp(copy, directory, { recursive: true, verbatimSymlinks: true });
  return {
    directory,
    images: openImageRepository(directory),
    [Symbol.asyncDispose]: () => rm(place, { recursive: true, force: true }),
  };
};
