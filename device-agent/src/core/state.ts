import {
  CommandId,
  Digest,
  ExecutionId,
  ExecutionState,
  ReleaseId,
  RolloutId,
  RootHash,
  SlotName,
  Status,
  Version,
} from '@slipway/protocol';
import { z } from 'zod';

/** What makes two contents of a slot the same release. */
export const ReleaseRef = z.object({
  release: ReleaseId,
  version: Version,
  counter: z.int(),
  rootHash: RootHash,
  /** seconds since 1970 */
  timeFloor: z.int(),
});
export type ReleaseRef = z.infer<typeof ReleaseRef>;

/** What the agent knows of a slot. The boot loader's default, not this record, says which slot is good. */
export const SlotRecord = z.discriminatedUnion('state', [
  z.object({ state: z.literal('EMPTY') }),
  z.object({ state: z.literal('WRITING'), ref: ReleaseRef, bundle: Digest }),
  z.object({ state: z.literal('VERIFIED'), ref: ReleaseRef, bundle: Digest }),
  z.object({
    state: z.literal('TRIAL'),
    ref: ReleaseRef,
    bundle: Digest,
    /** which trial boot this is, from 1 */
    attempt: z.int(),
    /** boot id in which the one-shot was armed; null: not armed yet */
    armedIn: z.string().nullable(),
    /** the trial boot itself, once its agent has started; uptime in seconds */
    boot: z.object({ bootId: z.string(), startedAt: z.number() }).nullable(),
  }),
  z.object({ state: z.literal('GOOD'), ref: ReleaseRef }),
  z.object({ state: z.literal('FAILED'), ref: ReleaseRef, code: z.string(), message: z.string() }),
]);
export type SlotRecord = z.infer<typeof SlotRecord>;

/** The execution under way; once it has its outcome it is gone and only its id is remembered. */
export const OpenExecution = z.object({
  id: ExecutionId,
  rollout: RolloutId,
  release: ReleaseId,
  version: Version,
  bundle: z.object({ digest: Digest, size: z.int() }),
  state: ExecutionState,
  bytesReceived: z.int(),
  bytesReused: z.int(),
});
export type OpenExecution = z.infer<typeof OpenExecution>;

const bundle = z.object({ digest: Digest, size: z.int() });

/**
 * The durable effect under way. It is saved together with the state that asked for it, is started again after every
 * start of the agent until its result has come back, and is safe to run twice.
 */
export const Job = z.discriminatedUnion('kind', [
  /** fetch, verify and judge the manifest; nothing but `/data` is written */
  z.object({
    kind: z.literal('fetch'),
    id: z.int(),
    bundle,
    release: ReleaseId,
    floor: z.object({ counter: z.int(), time: z.int() }),
  }),
  /** empty the slot, fill it chunk by chunk, read it back */
  z.object({ kind: z.literal('write'), id: z.int(), bundle, slot: SlotName }),
  /** put the UKI of the verified slot in its place */
  z.object({ kind: z.literal('place'), id: z.int(), bundle, slot: SlotName }),
  z.object({ kind: z.literal('arm'), id: z.int(), slot: SlotName }),
  /** done only when the kernel's boot id has changed */
  z.object({ kind: z.literal('reboot'), id: z.int(), from: z.string(), why: z.string() }),
  /** watch the health gates of the trial boot; uptime in seconds */
  z.object({ kind: z.literal('judge'), id: z.int(), startedAt: z.number(), broker: z.boolean() }),
  /** make the slot the loader's default; `heal`: it is good already and only the default was lost */
  z.object({ kind: z.literal('commit'), id: z.int(), slot: SlotName, heal: z.boolean() }),
]);
export type Job = z.infer<typeof Job>;

/** What survives a power cut. Unknown keys of a newer agent are dropped, absent ones of an older agent are defaulted. */
export const Saved = z.object({
  v: z.literal(1),
  connection: z.int(),
  nextSeq: z.int(),
  nextJob: z.int(),
  desiredSeq: z.int(),
  /** never decreases; rises at commit */
  floor: z.object({ counter: z.int(), time: z.int() }),
  slots: z.object({ a: SlotRecord, b: SlotRecord }),
  execution: OpenExecution.nullable(),
  job: Job.nullable(),
  /** newest last; redelivered assignments with these ids are done */
  finished: z.array(ExecutionId),
  failures: z.array(z.object({ release: ReleaseId, count: z.int() })),
  outbox: z.array(Status),
  /** the broker was reached from a committed slot */
  brokerWorked: z.boolean(),
  /** the last reboot was asked for by a command */
  commanded: z.boolean().default(false),
  /** ids of commands that ended in a reboot, newest last */
  commandsDone: z.array(CommandId).default([]),
  /** boots in a row into a slot that is neither the loader's default nor on trial */
  strays: z.int().default(0),
});
export type Saved = z.infer<typeof Saved>;

/** What the running kernel, the root and the boot loader say. */
export type BootFacts = {
  readonly bootId: string;
  readonly slot: SlotName;
  /** of the booted root */
  readonly ref: ReleaseRef;
  /** slot that the boot loader starts by default; null where it names none */
  readonly loaderDefault: SlotName | null;
  /** seconds since the kernel started */
  readonly uptime: number;
};

export type State = {
  readonly saved: Saved;
  /** null until `started` */
  readonly boot: BootFacts | null;
  readonly connected: boolean;
};

export const MAX_ATTEMPTS = 3;
export const MAX_TRIAL_BOOTS = 3;

/**
 * The state of a device that has none, or whose state cannot be read: both slots unknown, the loader's default decides.
 *
 * @param base where counters begin. Seconds since 1970 make them rise even over a lost state, so that the server does
 *   not take new reports for old ones.
 */
export const freshState = (base: number): Saved => ({
  v: 1,
  connection: base,
  nextSeq: base + 1,
  nextJob: 1,
  desiredSeq: 0,
  floor: { counter: 0, time: 0 },
  slots: { a: { state: 'EMPTY' }, b: { state: 'EMPTY' } },
  execution: null,
  job: null,
  finished: [],
  failures: [],
  outbox: [],
  brokerWorked: false,
  commanded: false,
  commandsDone: [],
  strays: 0,
});
