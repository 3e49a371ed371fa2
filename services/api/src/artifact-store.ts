import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { diskSpace, MIN_FREE_BYTES, requireRoom, sourcePath, storeSource } from '@slipway/fleet';
import {
  BuildRequest,
  BuildResult,
  type ArtifactName,
  type BuildId,
  type Digest,
  type DiskArtifact,
  type ReleaseId,
  type StoreSpace,
} from '@slipway/protocol';
import { writeDurably } from './write-durably.ts';

/** Where things lie in the artifact store, and what the API writes there. */
export type ArtifactStore = {
  /** keeps an image repository as it is: `sources/{digest}` */
  readonly storeSource: (directory: string) => Promise<Digest>;
  readonly sourcePath: (source: Digest) => string;
  readonly writeRequest: (request: BuildRequest) => Promise<void>;
  readonly readRequest: (build: BuildId) => Promise<BuildRequest>;
  readonly hasRequest: (build: BuildId) => Promise<boolean>;
  /** what the builder declares; nothing of it is trusted before the signer has compared it with the bytes */
  readonly readResult: (build: BuildId) => Promise<BuildResult>;
  readonly artifactPath: (build: BuildId, name: ArtifactName | 'build.log') => string;
  readonly bundlePath: (release: ReleaseId) => string;
  /** a disk that the signer has written beside the bundle */
  readonly signedDiskPath: (release: ReleaseId, name: DiskArtifact) => string;
  /** what a virtual device printed while the release was qualified */
  readonly consolePath: (release: ReleaseId) => string;
  readonly space: () => Promise<StoreSpace>;
  /** @throws {SlipwayError} STORE_FULL where a build has no room */
  readonly requireRoom: () => Promise<void>;
};

export const openArtifactStore = (directory: string, minFreeBytes = MIN_FREE_BYTES): ArtifactStore => {
  const buildFile = (build: BuildId, name: string): string => join(directory, 'builds', build, name);
  return {
    storeSource: (source) => storeSource(directory, source),
    sourcePath: (source) => sourcePath(directory, source),
    writeRequest: (request) =>
      writeDurably(buildFile(request.build, 'request.json'), `${JSON.stringify(request, null, 2)}\n`),
    readRequest: async (build) =>
      BuildRequest.parse(JSON.parse(await readFile(buildFile(build, 'request.json'), 'utf8'))),
    hasRequest: async (build) =>
      stat(buildFile(build, 'request.json')).then(
        () => true,
        () => false,
      ),
    readResult: async (build) =>
      BuildResult.parse(JSON.parse(await readFile(buildFile(build, 'result.json'), 'utf8'))),
    artifactPath: buildFile,
    requireRoom: () => requireRoom(directory, minFreeBytes),
    space: async () => {
      const space = await diskSpace(directory);
      return { state: space.freeBytes < minFreeBytes ? 'low' : 'ok', ...space, minFreeBytes };
    },
    consolePath: (release) => join(directory, 'qualifications', release, 'console.log'),
    bundlePath: (release) => join(directory, 'bundles', `${release}.tar`),
    signedDiskPath: (release, name) => join(directory, 'bundles', `${release}.${name}`),
  };
};
