import { stat } from 'node:fs/promises';
import { digestFile } from '@slipway/bundle';
import {
  getBuild,
  getBuildRequest,
  getRelease,
  recordSignedDisks,
  signedDisks,
  type Database,
} from '@slipway/fleet';
import { parseClassFile } from '@slipway/image-spec';
import {
  ArtifactName,
  BUNDLE_ARTIFACT,
  formatOfArtifact,
  SignedDisk,
  systemError,
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

/**
 * What the signer has written. Of releases from before its disks were on record this is `disk.img` or nothing: it is put on
 * record when it is first asked for, as long as the files of its build are kept.
 */
const knownDisks = async (
  { db, store }: Needs,
  id: ReleaseId,
  artifacts: readonly unknown[],
): Promise<readonly SignedDisk[]> => {
  const known = await signedDisks(db, id);
  if (known.length > 0 || artifacts.length === 0) return known;
  const found = await digestFile(store.signedDiskPath(id, 'disk.img')).catch((error: unknown) => {
    if (systemError(error, ['ENOENT']) === undefined) throw error;
  });
  if (found === undefined) return [];
  const disks = [SignedDisk.parse({ name: 'disk.img', size: found.size, digest: found.digest })];
  await recordSignedDisks(db, id, disks);
  return disks;
};

/**
 * Firmware that checks signatures starts only the disks that the signer has written. Of a build of which it is not known
 * what was asked, it is not known either whether its own would start.
 */
const disksOf = async (needs: Needs, { id, build }: Release): Promise<ReleaseFile[]> => {
  const { db, store } = needs;
  const { request } = await getBuildRequest(db, build);
  const { artifacts } = await getBuild(db, build);
  const isSigned =
    request === null || parseClassFile(request.classFile.text, request.classFile.name).secureBoot;
  if (isSigned)
    return (await knownDisks(needs, id, artifacts)).flatMap((disk) =>
      withFormat(disk, store.signedDiskPath(id, disk.name)),
    );
  return artifacts.flatMap((artifact) => {
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
