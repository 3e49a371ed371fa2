import { z } from 'zod';
import { ResolvedComponent } from './build-inputs.ts';
import { BuilderCapability, BuildTrigger, TransferredBytes } from './build-resource.ts';
import type { ErrorCode } from './errors.ts';
import { Arch, BuildId, ClassName, Digest, ReleaseId, RootHash, Version } from './ids.ts';
import { DiskArtifact, OutputFormat } from './outputs.ts';

/**
 * How a build travels. Jobs carry ids only; what is to be built and what came out are files in the artifact store,
 * one directory per build: `builds/{buildId}/request.json` (written by the API), `result.json` and the artifacts
 * (written by the builder, by one attempt of it). The signer reads both and writes `bundles/{releaseId}.tar`.
 */
/** One for each architecture, and for each set of capabilities that a class needs: `build-arm64`, `build-arm64+lab`. */
export const buildQueue = (arch: Arch, needs: readonly BuilderCapability[]): string =>
  [`build-${arch}`, ...new Set([...needs].sort())].join('+');

/** @returns undefined for what is no name of a build queue */
export const parseBuildQueue = (
  name: string,
): { readonly arch: Arch; readonly needs: readonly BuilderCapability[] } | undefined => {
  const [first = '', ...rest] = name.split('+');
  const arch = Arch.safeParse(first.replace(/^build-/, ''));
  const needs = z.array(BuilderCapability).safeParse(rest);
  if (!arch.success || !needs.success || buildQueue(arch.data, needs.data) !== name) return undefined;
  return { arch: arch.data, needs: needs.data };
};

/** What may be gone the next time, so that the same build is tried again. A full disk is not: it fills again. */
const TRANSIENT: readonly ErrorCode[] = [
  'PACKAGE_FETCH_FAILED',
  'REGISTRY_UNREACHABLE',
  'REGISTRY_RATE_LIMITED',
  'STORE_FULL',
  'DISK_FULL',
  'GIT_UNREACHABLE',
];
export const isTransient = (code: ErrorCode): boolean => TRANSIENT.includes(code);

export const SIGN_QUEUE = 'sign';
export const ROLLOUT_QUEUE = 'rollout';

export const BuildJob = z.strictObject({ v: z.literal(1), buildId: BuildId });
export type BuildJob = z.infer<typeof BuildJob>;
export const SignJob = z.strictObject({ v: z.literal(1), buildId: BuildId });
export type SignJob = z.infer<typeof SignJob>;
/** Wakes the planner: a rollout was started or changed. */
export const RolloutJob = z.strictObject({ v: z.literal(1), rolloutId: z.string() });
export type RolloutJob = z.infer<typeof RolloutJob>;

export const BuildRequest = z.strictObject({
  v: z.literal(1),
  build: BuildId,
  release: ReleaseId,
  version: Version,
  counter: z.int().min(1),
  deviceClass: ClassName,
  /** seconds since 1970: time of every generated file, and the time floor of the release */
  timeFloor: z.int().min(0),
  /** Names are relative to the image repository; texts are snapshots taken when the build was asked for. */
  classFile: z.strictObject({ name: z.string(), text: z.string() }),
  imageFiles: z.array(z.strictObject({ name: z.string(), text: z.string() })).min(1),
  /** of the image files, in place of what class and image files say */
  variables: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
  deployment: z.strictObject({
    enrolUrl: z.url(),
    /** PEM: trust anchors that go into the image */
    serverCa: z.string(),
    releaseRoot: z.string(),
  }),
  /** the image repository as it was: `sources/{digest}` of the store. Absent: the builder's own copy, as it is */
  source: Digest.optional(),
  /** what is told about the build, to go into its provenance */
  inputDigest: Digest.optional(),
  cause: BuildTrigger.optional(),
  /** what is made of the image, in place of `outputs` of the class file */
  outputs: z.array(OutputFormat).optional(),
});
export type BuildRequest = z.infer<typeof BuildRequest>;

export const ArtifactName = z.enum([
  'uki.efi',
  'root.img',
  'sbom.cdx.json',
  'provenance.json',
  'contents.jsonl.gz',
  ...DiskArtifact.options,
]);
export type ArtifactName = z.infer<typeof ArtifactName>;

export const BuildResult = z.strictObject({
  v: z.literal(1),
  build: BuildId,
  release: ReleaseId,
  version: Version,
  counter: z.int().min(1),
  deviceClass: ClassName,
  arch: Arch,
  timeFloor: z.int().min(0),
  rootHash: RootHash,
  verityDataBlocks: z.int().min(1),
  artifacts: z.array(z.strictObject({ name: ArtifactName, size: z.int().min(0), digest: Digest })),
  /** Digest of the exact bytes of `request.json` that was built. */
  request: Digest,
  components: z.array(z.strictObject({ name: z.string(), version: z.string(), purl: z.string() })),
  /** what the references of the image files became; absent: the worker is of before */
  resolved: z.array(ResolvedComponent).max(10_000).optional(),
});
export type BuildResult = z.infer<typeof BuildResult>;

/** `job.updateProgress` of a build or sign job. */
export const JobProgress = z.object({
  step: z.string(),
  percent: z.number().min(0).max(100),
  /** how much of what the step fetches has arrived */
  bytes: TransferredBytes.optional(),
});
export type JobProgress = z.infer<typeof JobProgress>;

export const SignedDisk = z.strictObject({ name: DiskArtifact, size: z.int().min(1), digest: Digest });
export type SignedDisk = z.infer<typeof SignedDisk>;

/** Return value of a sign job. */
export const SignResult = z.strictObject({
  v: z.literal(1),
  release: ReleaseId,
  bundle: z.strictObject({ digest: Digest, size: z.int().min(1) }),
  manifest: Digest,
  /** disks with what the signer has signed for firmware, beside the bundle; absent: those of the build are good as they are */
  disks: z.array(SignedDisk).optional(),
});
export type SignResult = z.infer<typeof SignResult>;
