import { z } from 'zod';
import { Arch, BuildId, ReleaseId } from './ids.ts';

/** How a release proves itself in a virtual device before it may be published. Times are ISO 8601 in UTC. */
const time = z.iso.datetime();

/**
 * - `pending`: waits for a qualifier
 * - `running`
 * - `passed`, `failed`
 * - `skipped`: nobody has tried it, see `reason`
 */
export const QualificationState = z.enum(['pending', 'running', 'passed', 'failed', 'skipped']);
export type QualificationState = z.infer<typeof QualificationState>;

/**
 * - `boot`: the device starts what it has, comes online and is healthy
 * - `interrupted`: it takes the new release, and starts it for trial
 * - `rollback`: it loses power in each trial until it gives the release up; it is back, and healthy
 * - `update`: it takes the new release once more
 * - `commit`: its gates hold, the release is committed, and it is healthy
 */
export const QualificationStep = z.enum(['boot', 'interrupted', 'rollback', 'update', 'commit']);
export type QualificationStep = z.infer<typeof QualificationStep>;

export const QualificationTiming = z.object({
  step: QualificationStep,
  seconds: z.number().min(0),
  /** of the virtual machine */
  cpuSeconds: z.number().min(0),
});
export type QualificationTiming = z.infer<typeof QualificationTiming>;

/** What became of a round before the last. */
export const QualificationRound = z.object({
  round: z.int(),
  state: QualificationState,
  from: ReleaseId.nullable(),
  reason: z.string().nullable(),
  code: z.string().nullable(),
  message: z.string().nullable(),
  steps: z.array(QualificationTiming),
  worker: z.string().nullable(),
  startedAt: time.nullable(),
  finishedAt: time.nullable(),
});
export type QualificationRound = z.infer<typeof QualificationRound>;

/** Rounds before the last that are kept. */
export const MOST_EARLIER_ROUNDS = 20;

export const Qualification = z.object({
  release: ReleaseId,
  state: QualificationState,
  /** the release that it is updated from; null: there is none yet, or it is only booted */
  from: ReleaseId.nullable(),
  /** why it was skipped, or what was left out of it */
  reason: z.string().nullable(),
  code: z.string().nullable(),
  message: z.string().nullable(),
  /** what happens at the moment, or what it waits for */
  step: z.string().nullable(),
  steps: z.array(QualificationTiming),
  /** how often it was asked for */
  round: z.int(),
  /** how often a worker has begun this round */
  attempts: z.int(),
  worker: z.string().nullable(),
  createdAt: time,
  startedAt: time.nullable(),
  finishedAt: time.nullable(),
  /** the newest first; their consoles are gone. Absent: none, or the server is older */
  earlier: z.array(QualificationRound).optional(),
});
export type Qualification = z.infer<typeof Qualification>;

export const isQualificationOver = ({ state }: { readonly state: QualificationState }): boolean =>
  state !== 'pending' && state !== 'running';

/** One for each architecture. */
export const qualifyQueue = (arch: Arch): string => `qualify-${arch}`;

const Ids = z.strictObject({ release: ReleaseId, build: BuildId });
export const QualifyJob = z.strictObject({
  v: z.literal(1),
  ...Ids.shape,
  /** absent: nothing was published yet */
  from: Ids.optional(),
});
export type QualifyJob = z.infer<typeof QualifyJob>;

/** `job.updateProgress` of a qualification. */
export const QualifyProgress = z.object({ step: QualificationStep });
export type QualifyProgress = z.infer<typeof QualifyProgress>;

/** Return value of a job, also of one whose release did not prove itself: the job itself has done its work. */
export const QualifyResult = z.strictObject({
  v: z.literal(1),
  release: ReleaseId,
  state: z.enum(['passed', 'failed', 'skipped']),
  from: ReleaseId.nullable(),
  reason: z.string().max(2000).nullable(),
  code: z.string().max(64).nullable(),
  message: z.string().max(8000).nullable(),
  steps: z.array(QualificationTiming).max(16),
});
export type QualifyResult = z.infer<typeof QualifyResult>;

/** A qualifier that was alive some seconds ago. */
export const Qualifier = z.object({
  id: z.string(),
  host: z.string(),
  pid: z.int(),
  arches: z.array(Arch),
  /** why it cannot start devices of the others */
  cannot: z.partialRecord(Arch, z.string()),
  /** what it tries now */
  releases: z.array(ReleaseId),
  startedAt: time,
});
export type Qualifier = z.infer<typeof Qualifier>;
