import type { Arch, Digest, SlipwayError } from '@slipway/protocol';
import type { BlobSource } from './blobs.ts';
import { parseDocument } from './document.ts';
import { failure } from './failures.ts';
import { parseJson } from './json.ts';
import {
  ImageConfig,
  INDEX_TYPES,
  MANIFEST_TYPES,
  type Descriptor,
  type Manifest,
  type Platform,
} from './oci-schema.ts';
import { bestOf, formatPlatform, isAttestation, platformRank } from './platform.ts';

const MAX_NESTING = 4;
const CONFIG_TYPES = [
  'application/vnd.oci.image.config.v1+json',
  'application/vnd.docker.container.image.v1+json',
];

/** A manifest or index that a reference points at; one that is known by digest alone lacks the rest. */
export type Root = {
  readonly digest: Digest;
  readonly size: number | undefined;
  readonly mediaType?: string;
  readonly platform?: Platform | undefined;
  readonly annotations?: Descriptor['annotations'];
};

export type FoundManifest = {
  readonly digest: Digest;
  readonly indexDigest: Digest | undefined;
  readonly manifest: Manifest;
  readonly config: ImageConfig;
};

type Candidate = { readonly root: Root; readonly indexDigest: Digest | undefined };

const isOneOf = (types: readonly string[], { mediaType }: Root): boolean =>
  mediaType !== undefined && types.includes(mediaType);

/**
 * Goes down through indexes to the image for an architecture, as Docker does: attestations are passed over, a
 * platform that an index states is believed, and without one the image's own config is asked.
 *
 * @throws {SlipwayError} COMPONENT_NOT_FOUND, which lists the platforms there
 */
export const findManifest = async (
  blobs: BlobSource,
  roots: readonly Root[],
  arch: Arch,
  ref: string,
): Promise<FoundManifest> => {
  const platforms = new Set<string>();
  const unstated: { candidate: Candidate; manifest: Manifest }[] = [];

  const load = async ({ root, indexDigest }: Candidate, manifest: Manifest): Promise<FoundManifest> => {
    const config = parseJson(await blobs.read(manifest.config, 'config'), ImageConfig, ref, 'config');
    return { digest: root.digest, indexDigest, manifest, config };
  };

  /** What suits best first, what says nothing where it stands, and nothing of what does not suit. */
  const bestFirst = (candidates: readonly Candidate[]): Candidate[] =>
    candidates
      .flatMap((candidate) => {
        const { platform } = candidate.root;
        const rank = platform === undefined ? 0 : platformRank(platform, arch);
        if (platform !== undefined && rank === undefined) platforms.add(formatPlatform(platform));
        return rank === undefined ? [] : [{ candidate, rank }];
      })
      .sort((a, b) => a.rank - b.rank)
      .map(({ candidate }) => candidate);

  const search = async (
    candidates: readonly Candidate[],
    depth: number,
  ): Promise<FoundManifest | undefined> => {
    if (depth > MAX_NESTING)
      throw failure('COMPONENT_INVALID', ref, `indexes are nested deeper than ${MAX_NESTING}`);
    for (const candidate of bestFirst(candidates)) {
      const { root } = candidate;
      const isDocument = isOneOf([...INDEX_TYPES, ...MANIFEST_TYPES], root);
      if (root.platform === undefined && root.mediaType !== undefined && !isDocument) continue;
      const document = parseDocument(await blobs.read(root, 'manifest'), ref, root.digest);
      if (document.kind === 'index') {
        const inner = document.index.manifests
          .filter((descriptor) => !isAttestation(descriptor))
          .map((descriptor) => ({
            root: descriptor,
            indexDigest: candidate.indexDigest ?? root.digest,
          }));
        const found = await search(inner, depth + 1);
        if (found !== undefined) return found;
      } else if (root.platform === undefined) unstated.push({ candidate, manifest: document.manifest });
      else return await load(candidate, document.manifest);
    }
    return undefined;
  };

  const stated = await search(
    roots.map((root) => ({ root, indexDigest: undefined })),
    0,
  );
  if (stated !== undefined) return stated;
  const others = new Set<string>();
  const fitting: FoundManifest[] = [];
  for (const { candidate, manifest } of unstated) {
    if (!CONFIG_TYPES.includes(manifest.config.mediaType)) {
      others.add(manifest.config.mediaType);
      continue;
    }
    const found = await load(candidate, manifest);
    const rank = platformRank(found.config, arch);
    if (rank === 0) return found;
    if (rank === undefined) platforms.add(formatPlatform(found.config));
    else fitting.push(found);
  }
  const best = bestOf(fitting, ({ config }) => config, arch);
  if (best !== undefined) return best;
  throw notFound(ref, arch, [...platforms], [...others]);
};

const notFound = (
  ref: string,
  arch: Arch,
  platforms: readonly string[],
  others: readonly string[],
): SlipwayError =>
  platforms.length === 0 && others.length > 0
    ? failure('COMPONENT_INVALID', ref, `expected an image, found an artifact of type ${others.join(', ')}`)
    : failure(
        'COMPONENT_NOT_FOUND',
        ref,
        `there is no image for linux/${arch}; there are ${platforms.join(', ') || 'none'}`,
        { details: { arch, platforms } },
      );
