import { z } from 'zod';
import { Arch, BuildId, ClassName, Digest, ReleaseId, SourceId, Version } from './ids.ts';
import { OutputFormat } from './outputs.ts';
import { BranchName, SourceName } from './sources.ts';

/** Builds and workers as resources of the HTTP API. How a build travels between services is in `build.ts`. */
const time = z.iso.datetime();

/** Of something that comes over the network. */
export const TransferredBytes = z.object({ done: z.int().min(0), total: z.int().min(0) });
export type TransferredBytes = z.infer<typeof TransferredBytes>;

export const BuildPriority = z.enum(['low', 'normal', 'high']);
export type BuildPriority = z.infer<typeof BuildPriority>;
/** @returns whether a build of the first goes before one of the second, whoever's turn it is */
export const isMoreUrgent = (a: BuildPriority, b: BuildPriority): boolean =>
  BuildPriority.options.indexOf(a) > BuildPriority.options.indexOf(b);

/**
 * Who or what asked for a build: `id` names the asker (a delivery, a trigger, a schedule), `cause` holds the facts:
 * commit, ref, repository, digest that was pushed …
 */
export const BuildTrigger = z.strictObject({
  kind: z.enum(['manual', 'webhook', 'registry', 'schedule', 'upstream', 'release']),
  id: z.string().max(200).nullable(),
  cause: z.record(z.string(), z.unknown()),
});
export type BuildTrigger = z.infer<typeof BuildTrigger>;

/** The first made the build; the others were answered with it, because what they asked for was equal. */
export const BuildCause = z.object({ ...BuildTrigger.shape, at: time });
export type BuildCause = z.infer<typeof BuildCause>;

/** What only some workers can do, such as reaching an inner network: `SLIPWAY_BUILDER_CAPABILITIES`. */
export const BuilderCapability = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$/, 'lower-case letters, digits and hyphens, at most 32');
export type BuilderCapability = z.infer<typeof BuilderCapability>;

/** Of workers that may run what Dockerfiles say; an image with such components needs it without saying so. */
export const DOCKERFILE_CAPABILITY: BuilderCapability = 'dockerfile';

export const BuildCreate = z.strictObject({
  deviceClass: ClassName,
  /** absent: the one after the last build of the class */
  version: Version.optional(),
  /** absent: normal */
  priority: BuildPriority.optional(),
  /** a git repository, by id or name, in place of the image repository of the server; and a branch in place of its own */
  source: z.union([SourceId, SourceName]).optional(),
  branch: BranchName.optional(),
  /** a new build, even if an equal one is under way or has just succeeded */
  force: z.boolean().optional(),
  /** what is made of the image; absent: what the class file names */
  outputs: z.array(OutputFormat).max(16).optional(),
  /** although devices of the class do not trust the signing profile that its file names: they will refuse the release */
  changeSigning: z.boolean().optional(),
});
export type BuildCreate = z.infer<typeof BuildCreate>;

export const BuildState = z.enum(['queued', 'building', 'signing', 'succeeded', 'failed', 'cancelled']);
export type BuildState = z.infer<typeof BuildState>;

/** A file of a build or of a release. */
export const Artifact = z.object({
  name: z.string(),
  /** which of `outputs` of the class it is; absent: every build has it */
  format: OutputFormat.optional(),
  size: z.int(),
  digest: Digest,
});
export type Artifact = z.infer<typeof Artifact>;

/** It ended, and never changes again. */
export const isBuildOver = ({ state }: { readonly state: BuildState }): boolean =>
  state === 'succeeded' || state === 'failed' || state === 'cancelled';

export const Build = z.object({
  id: BuildId,
  release: ReleaseId,
  deviceClass: ClassName,
  version: Version,
  counter: z.int(),
  state: BuildState,
  /** what happens at the moment, or what a queued build waits for */
  step: z.string(),
  percent: z.number(),
  /** how much of what the step fetches has arrived; absent: it fetches nothing */
  bytes: TransferredBytes.optional(),
  code: z.string().nullable(),
  message: z.string().nullable(),
  artifacts: z.array(Artifact),
  priority: BuildPriority,
  /** in the order in which they came */
  causes: z.array(BuildCause),
  /** of all that determines the result, as far as it is known before; equal builds have the same. null: before there was one */
  inputDigest: Digest.nullable(),
  /** the image repository as it was, `sources/{digest}` of the artifact store */
  source: Digest.nullable(),
  arch: Arch.nullable(),
  /** what a worker must be able to do beside */
  needs: z.array(BuilderCapability),
  queue: z.string().nullable(),
  /** how often a worker has begun */
  attempts: z.int(),
  /** the worker of the last attempt */
  worker: z.string().nullable(),
  /** the build that this one does once more */
  retryOf: BuildId.nullable(),
  createdAt: time,
  startedAt: time.nullable(),
  cancelledAt: time.nullable(),
  finishedAt: time.nullable(),
});
export type Build = z.infer<typeof Build>;

/** A build worker that was alive some seconds ago. */
export const BuildWorker = z.object({
  id: z.string(),
  host: z.string(),
  pid: z.int(),
  version: z.string(),
  arches: z.array(Arch),
  capabilities: z.array(BuilderCapability),
  /** builds at once */
  concurrency: z.int(),
  /** what it builds now */
  builds: z.array(BuildId),
  startedAt: time,
  seenAt: time,
});
export type BuildWorker = z.infer<typeof BuildWorker>;

/** Body of each server-sent event of `GET /v1/builds/{id}/events`; `event:` is `kind`, `id:` an offset in the log. */
export const BuildEvent = z.discriminatedUnion('kind', [
  /** a line of the log; `at` is empty where it has no time */
  z.object({ kind: z.literal('log'), at: z.string(), text: z.string() }),
  z.object({ kind: z.literal('step'), step: z.string(), percent: z.number(), startedAt: time }),
  z.object({ kind: z.literal('step-end'), step: z.string(), startedAt: time, endedAt: time }),
  z.object({ kind: z.literal('build'), build: Build }),
  /** the last */
  z.object({ kind: z.literal('end'), build: Build }),
]);
export type BuildEvent = z.infer<typeof BuildEvent>;
