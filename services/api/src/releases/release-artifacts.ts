import { stat } from 'node:fs/promises';
import { getBuild, getBuildRequest, getRelease, signedDisks, type Database } from '@slipway/fleet';
import { parseClassFile } from '@slipway/image-spec';
import {
  ArtifactName,
  BUNDLE_ARTIFACT,
  formatOfArtifact,
  type Artifact,
  type Release,
  type ReleaseId,
} from '@slipway/protocol';
import type { ArtifactStore } from '../artifact-store.ts';

export type ReleaseFile = Required<Artifact> & { readonly path: string };

type Needs = { readonly db: Database; readonly store: ArtifactStore };

const withFormat = (artifact: Artifact, path: string): ReleaseFile[] => {
  const format = formatOfArtifact(artifact.name);
  return format === undefined ? [] : [{ ...artifact, format, path }];
};

/** Firmware that checks signatures starts only the disks that the signer has written. */
const disksOf = async ({ db, store }: Needs, { id, build }: Release): Promise<ReleaseFile[]> => {
  const { request } = await getBuildRequest(db, build);
  const isSigned =
    request !== null && parseClassFile(request.classFile.text, request.classFile.name).secureBoot;
  if (isSigned)
    return (await signedDisks(db, id)).flatMap((disk) =>
      withFormat(disk, store.signedDiskPath(id, disk.name)),
    );
  return (await getBuild(db, build)).artifacts.flatMap((artifact) => {
    const name = ArtifactName.safeParse(artifact.name);
    return name.success ? withFormat(artifact, store.artifactPath(build, name.data)) : [];
  });
};

/**
 * What of a release is handed to devices and their machines: the bundle, and its disks in each format that was made.
 * Files that retention has removed are left out.
 *
 * @throws {SlipwayError} NOT_FOUND
 */
export const releaseFiles = async (
  needs: Needs,
  id: ReleaseId,
): Promise<{ readonly release: Release; readonly files: readonly ReleaseFile[] }> => {
  const release = await getRelease(needs.db, id);
  const path = needs.store.bundlePath(id);
  const isThere = await stat(path).then(
    () => true,
    () => false,
  );
  const bundle = { name: BUNDLE_ARTIFACT, format: 'bundle', path, ...release.bundle } as const;
  return { release, files: [...(isThere ? [bundle] : []), ...(await disksOf(needs, release))] };
};
