import {
  CommandId,
  Digest,
  ExecutionId,
  ExecutionState,
  MaintenanceWindow,
  ReleaseId,
  RolloutId,
  RootHash,
  SlotName,
  Status,
  Version,
} from '@slipway/protocol';
import { z } from 'zod';
import type { Evidence } from './cause.ts';

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
  z.object({
    state: z.literal('VERIFIED'),
    ref: ReleaseRef,
    bundle: Digest,
    /** trial boots that it has had, all cut off */
    trials: z.int().default(0),
    /** of these: such that left no sign */
    unseen: z.int().default(0),
  }),
  z.object({
    state: z.literal('TRIAL'),
    ref: ReleaseRef,
    bundle: Digest,
    /** which trial boot this is, from 1 */
    attempt: z.int(),
    unseen: z.int().default(0),
    /** boot id in which the one-shot was armed; null: not armed yet */
    armedIn: z.string().nullable(),
    /** the trial boot itself, once its agent has started; uptime in seconds */
    boot: z.object({ bootId: z.string(), startedAt: z.number() }).nullable(),
    /** it was good before, and an operator wants it back: the floor does not count */
    restore: z.boolean().default(false),
  }),
  z.object({ state: z.literal('GOOD'), ref: ReleaseRef, bundle: Digest.nullable().default(null) }),
  z.object({ state: z.literal('FAILED'), ref: ReleaseRef, code: z.string(), message: z.string() }),
]);
export type SlotRecord = z.infer<typeof SlotRecord>;

/** Where the bytes of a bundle come from. */
export const BundleSource = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('channel') }),
  z.object({ kind: z.literal('file'), path: z.string() }),
]);
export type BundleSource = z.infer<typeof BundleSource>;
const source = BundleSource.default({ kind: 'channel' });

/**
 * Somebody at the device is asked before it goes down. A field of its own beside the mode `download`: an agent that does
 * not know of consent reads that, and waits.
 */
export const Consent = z.object({
  given: z.boolean().default(false),
  /** seconds since 1970; until then nobody wants to be asked again */
  deferredTo: z.int().nullable().default(null),
});
export type Consent = z.infer<typeof Consent>;

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
  source,
  /** begun on the device itself, the server knows nothing of it yet */
  local: z.boolean().default(false),
  mode: z.enum(['install', 'download']).default('install'),
  /** null: none is needed, or none would do */
  consent: Consent.nullable().catch(null).default(null),
  windows: z.array(MaintenanceWindow).default([]),
  /** seconds since 1970 */
  deadline: z.int().nullable().default(null),
  /** the step that the policy holds back, and what was reported as the reason */
  hold: z
    .object({
      step: z.enum(['download', 'arm']),
      code: z.string(),
      message: z.string().default(''),
      /** seconds since 1970 */
      until: z.int().nullable().default(null),
      /** when it was reported; seconds since 1970 */
      since: z.int().default(0),
    })
    .nullable()
    .default(null),
  /** failures in a row of what it is at */
  tries: z.int().default(0),
});
export type OpenExecution = z.infer<typeof OpenExecution>;

export const NEW_EXECUTION = {
  state: 'OFFERED',
  bytesReceived: 0,
  bytesReused: 0,
  source: { kind: 'channel' },
  local: false,
  hold: null,
  tries: 0,
} as const satisfies Partial<OpenExecution>;

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
    source,
    release: ReleaseId,
    floor: z.object({ counter: z.int(), time: z.int() }),
  }),
  /** empty the slot, fill it chunk by chunk, read it back */
  z.object({ kind: z.literal('write'), id: z.int(), bundle, source, slot: SlotName }),
  /** put the UKI of the verified slot in its place */
  z.object({ kind: z.literal('place'), id: z.int(), bundle, source, slot: SlotName }),
  /** let time pass, the longer the more failures there were; then go on where the records stand */
  z.object({ kind: z.literal('wait'), id: z.int(), failures: z.int() }),
  z.object({ kind: z.literal('arm'), id: z.int(), slot: SlotName }),
  /** done only when the kernel's boot id has changed; `disarm`: out of a slot that shall not come again */
  z.object({
    kind: z.literal('reboot'),
    id: z.int(),
    from: z.string(),
    why: z.string(),
    disarm: z.boolean().default(false),
  }),
  /** watch the health gates of the trial boot; uptime in seconds */
  z.object({ kind: z.literal('judge'), id: z.int(), startedAt: z.number(), broker: z.boolean() }),
  /** make the slot the loader's default; `heal`: it is good already and only the default was lost */
  z.object({ kind: z.literal('commit'), id: z.int(), slot: SlotName, heal: z.boolean() }),
]);
export type Job = z.infer<typeof Job>;

/** What another version of the agent wrote and this one cannot read is left out; the rest counts. */
const readable = <S extends z.ZodType>(schema: S) =>
  z.array(z.unknown()).transform((values) =>
    values.flatMap((value): z.infer<S>[] => {
      const parsed = schema.safeParse(value);
      return parsed.success ? [parsed.data] : [];
    }),
  );
const slotRecord = SlotRecord.catch({ state: 'EMPTY' });

/**
 * What survives a power cut. Older and newer agents read each other's: unknown keys are dropped, absent ones have
 * defaults, a slot in an unknown state is EMPTY, an execution or job of an unknown kind is none. Numbers that must not
 * fall back make the whole state unreadable where they are damaged.
 */
export const Saved = z.object({
  v: z.literal(1),
  connection: z.int(),
  nextSeq: z.int(),
  nextJob: z.int(),
  desiredSeq: z.int(),
  /** never decreases; rises at commit */
  floor: z.object({ counter: z.int(), time: z.int() }),
  slots: z.object({ a: slotRecord, b: slotRecord }),
  execution: OpenExecution.nullable().catch(null),
  job: Job.nullable().catch(null),
  /** newest last; redelivered assignments with these ids are done */
  finished: readable(ExecutionId),
  /** what each release has used up of its attempts; a rollback uses up all of them */
  failures: readable(z.object({ release: ReleaseId, count: z.int() })),
  outbox: readable(Status),
  /** the broker was reached from a committed slot */
  brokerWorked: z.boolean(),
  /** the last reboot was asked for by a command */
  commanded: z.boolean().default(false),
  /** ids of commands that ended in a reboot, newest last */
  commandsDone: readable(CommandId).default([]),
  /** boots in a row into a slot that is neither the loader's default nor on trial */
  strays: z.int().default(0),
  /** seconds since 1970; what the clock last showed, for a clock that starts at nothing. Nobody vouches for it */
  lastTime: z.int().catch(0).default(0),
});
export type Saved = z.infer<typeof Saved>;

/** The time and the link, as the machine has them. */
export type Clock = {
  /** seconds since 1970 */
  readonly now: number;
  /** seconds that the clocks of the time zone of the device are ahead of UTC */
  readonly zoneOffset: number;
  readonly metered: boolean;
};

export const NO_CLOCK: Clock = { now: 0, zoneOffset: 0, metered: false };

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
  /** what the last trial left behind; null where there was none or nothing can be read */
  readonly evidence: Evidence | null;
};

export type State = {
  readonly saved: Saved;
  /** null until `started` */
  readonly boot: BootFacts | null;
  readonly connected: boolean;
  readonly clock: Clock;
  /** the oldest report without an acknowledgement, and for how many ticks it has been that */
  readonly unanswered?: { readonly seq: number; readonly ticks: number };
};

/** Failed executions that a release gets on a device before it is refused; `retry` gives as many once more. */
export const MAX_ATTEMPTS = 3;
/** Trial boots that one execution gets, where nothing but power cuts ended the ones before. */
export const MAX_TRIAL_BOOTS = 3;
/** Reboots in a row out of a slot that should not run. */
export const MAX_STRAYS = 3;
/** Trial boots without any sign after which the UKI is taken to be at fault. */
export const MAX_UNSEEN = 2;
/** Failures in a row of one step of an install before the execution fails. */
export const MAX_TRIES = 8;
/** What stands for the bundle of a slot that came from the factory. */
export const UNKNOWN_BUNDLE = Digest.parse(`sha256:${'0'.repeat(64)}`);
/** What stands for the rollout of an execution that the device began itself. */
export const NO_ROLLOUT = RolloutId.parse('rol_0000000000000000');

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
  lastTime: 0,
});
