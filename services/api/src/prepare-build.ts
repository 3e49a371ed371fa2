import { createHash } from 'node:crypto';
import type { BuildIdentity } from '@slipway/fleet';
import {
  Digest,
  type Arch,
  type BuilderCapability,
  type BuildRequest,
  type BuildTrigger,
  type ClassName,
  type OutputFormat,
} from '@slipway/protocol';
import type { ArtifactStore } from './artifact-store.ts';
import { openImageRepository, type ImageRepository, type Snapshot } from './image-repository.ts';

/** A build before it has a name: what is built, and the digest by which equal ones are known. */
export type PreparedBuild = {
  readonly arch: Arch;
  readonly needs: readonly BuilderCapability[];
  readonly source: Digest;
  readonly inputDigest: Digest;
  /** of its class file */
  readonly wish: Pick<Snapshot, 'signing' | 'secureBoot'>;
  readonly request: (given: BuildIdentity, cause: BuildTrigger, now: Date) => BuildRequest;
};

type Content = Snapshot & {
  readonly deviceClass: ClassName;
  readonly source: Digest;
  readonly deployment: BuildRequest['deployment'];
  readonly inputs: Readonly<Record<string, string>>;
  /** absent: what the class names */
  readonly outputs?: readonly OutputFormat[] | undefined;
};

/** Version, counter and time are not in it: equal builds differ in them. */
const digestInputs = (content: Content): Digest => {
  const { deviceClass, source, classFile, imageFiles, deployment } = content;
  const inputs = Object.entries(content.inputs).sort(([a], [b]) => (a < b ? -1 : 1));
  const own = content.outputs === undefined ? [] : [content.outputs];
  const text = JSON.stringify([1, deviceClass, source, classFile, imageFiles, deployment, inputs, ...own]);
  return Digest.parse(`sha256:${createHash('sha256').update(text).digest('hex')}`);
};

export const prepared = (content: Content): PreparedBuild => {
  const { deviceClass, source, classFile, imageFiles, deployment, arch, needs } = content;
  const { signing, secureBoot } = content;
  const inputDigest = digestInputs(content);
  return {
    arch,
    needs,
    source,
    inputDigest,
    wish: { signing, secureBoot },
    request: (given, cause, now) => ({
      v: 1,
      ...given,
      deviceClass,
      timeFloor: Math.floor(now.getTime() / 1000),
      classFile,
      imageFiles,
      deployment,
      source,
      inputDigest,
      cause,
      ...(content.outputs === undefined ? {} : { outputs: [...content.outputs] }),
    }),
  };
};

type Asked = Pick<Content, 'deviceClass' | 'inputs' | 'outputs'> & {
  readonly deploymentOf: (snapshot: Snapshot) => BuildRequest['deployment'];
};

/**
 * Keeps the image repository in the store and takes class and image files from that copy, so that all of a build is of
 * one moment.
 *
 * @throws {SlipwayError} as `ImageRepository.snapshot` and `deploymentOf`
 */
export const prepareBuild = async (
  store: ArtifactStore,
  images: ImageRepository,
  { deploymentOf, ...asked }: Asked,
): Promise<PreparedBuild> => {
  // What does not parse, or cannot be signed, is refused before anything is kept.
  deploymentOf(await images.snapshot(asked.deviceClass));
  const source = await store.storeSource(images.directory);
  const snapshot = await openImageRepository(store.sourcePath(source)).snapshot(asked.deviceClass);
  return prepared({ ...asked, ...snapshot, deployment: deploymentOf(snapshot), source });
};
