import { z } from 'zod';
import { BuildState } from './build-resource.ts';
import { ChannelName } from './channels.ts';
import { GroupName, QueryText } from './groups.ts';
import { BuildId, ClassName, DeliveryId, GroupId, ReleaseId, RolloutId, SourceId, TriggerId } from './ids.ts';
import { ROLLOUT_LIMITS, ROLLOUT_PLAN } from './rollouts.ts';
import { BranchName, SourceName } from './sources.ts';
import { TimeZone } from './time-zone.ts';

/** What makes builds by itself, and what becomes of them. */
const time = z.iso.datetime();

/** Never like an id, so that either names a trigger. */
export const TriggerName = z
  .string()
  .regex(
    /^(?!trg_)[a-z0-9](?:[a-z0-9._-]{0,61}[a-z0-9])?$/,
    'lower-case letters, digits, and . _ - between them, at most 63, not beginning with trg_',
  );
export type TriggerName = z.infer<typeof TriggerName>;

export const Forge = z.enum(['github', 'gitlab', 'gitea']);
export type Forge = z.infer<typeof Forge>;

/** Whose notice of a pushed image it is: of a registry that sends those of CNCF distribution, or of a hub. */
export const RegistrySender = z.enum(['distribution', 'harbor', 'dockerhub', 'ghcr']);
export type RegistrySender = z.infer<typeof RegistrySender>;

const glob = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[\x20-\x7e]+$/, 'printable');

export const TriggerKind = z.enum(['push', 'registry', 'cron', 'upstream', 'release']);
export type TriggerKind = z.infer<typeof TriggerKind>;

const PushOn = z.strictObject({
  kind: z.literal('push'),
  forge: Forge,
  /** `owner/name` as the forge calls it; a push to another is ignored. Absent: any that knows the secret */
  repository: z.string().min(1).max(300).optional(),
});

const OTHERS_ON = [
  z.strictObject({
    kind: z.literal('registry'),
    sender: RegistrySender,
    /** images that count, as `HOST/NAME:TAG`, with `*`; absent: those that the image files of a class name */
    images: z.array(glob).min(1).max(64).optional(),
  }),
  z.strictObject({
    kind: z.literal('cron'),
    /** minute, hour, day of month, month, day of week */
    schedule: z.string().min(1).max(200),
    timeZone: TimeZone.default('UTC'),
  }),
  z.strictObject({
    kind: z.literal('upstream'),
    /** how often tags and packages are resolved again */
    everyMinutes: z.int().min(1).max(10_080).default(360),
  }),
  z.strictObject({
    kind: z.literal('release'),
    /** whose release it is */
    deviceClass: ClassName,
    /** published to it; absent: published at all */
    channel: ChannelName.optional(),
  }),
] as const;

/** What may be asked for to set it off. */
export const TriggerOnAsked = z.discriminatedUnion('kind', [PushOn, ...OTHERS_ON]);
export type TriggerOnAsked = z.infer<typeof TriggerOnAsked>;

/** What sets it off. Without a forge nobody tells of a push: the server looks at the branch of the source by itself. */
export const TriggerOn = z.discriminatedUnion('kind', [PushOn.partial({ forge: true }), ...OTHERS_ON]);
export type TriggerOn = z.infer<typeof TriggerOn>;

/** What a forge or a registry tells of. */
export type HookOn = Extract<TriggerOnAsked, { kind: 'push' | 'registry' }>;

const { startAt: _startAt, endAt: _endAt, ...EVERY_ROLLOUT } = ROLLOUT_PLAN;

/** Of `RolloutCreate`, what a rule may say: the release is the one that was built, and it starts once that is published. */
export const RolloutRule = z.strictObject({
  group: z.union([GroupId, GroupName]).optional(),
  query: QueryText.min(1).optional(),
  failureThreshold: ROLLOUT_LIMITS.failureThreshold.default(1),
  maxInFlight: ROLLOUT_LIMITS.maxInFlight.default(100),
  ...EVERY_ROLLOUT,
});
export type RolloutRule = z.infer<typeof RolloutRule>;

export const TriggerRule = z.strictObject({
  /**
   * Files of a push that count: those that the class is made of (its class file, image files, lock, what these name in
   * the repository) and those that match `include`, without those that match `exclude`.
   */
  paths: z
    .strictObject({ include: z.array(glob).max(64).default([]), exclude: z.array(glob).max(64).default([]) })
    .optional(),
  /** branches that build, the first that matches counts, each with its channel; absent: the branch of the source */
  branches: z
    .array(z.strictObject({ match: glob, channel: ChannelName.optional() }))
    .min(1)
    .max(32)
    .optional(),
  /** where the branch names none */
  channel: ChannelName.optional(),
  /** publish what was built, to the channel if there is one */
  publish: z.boolean().default(false),
  /** roll out what was published, to the devices that follow the channel if there is one */
  rollout: RolloutRule.optional(),
});
export type TriggerRule = z.infer<typeof TriggerRule>;

const settings = {
  name: TriggerName,
  enabled: z.boolean(),
  /** where image files come from; null: the image repository of the server. A push needs one */
  source: z.union([SourceId, SourceName]).nullable(),
  /** null: every class of the source */
  classes: z.array(ClassName).min(1).max(256).nullable(),
  on: TriggerOnAsked,
  rule: TriggerRule,
  /** in place of `rule` for single classes */
  perClass: z.record(ClassName, TriggerRule),
  /** what is equal and comes within so many seconds makes one build */
  windowSeconds: z.int().min(0).max(3600),
  /** how many builds of one class may be under way before it waits */
  maxBuilds: z.int().min(1).max(100),
};

/** What a hook is sent with; at least 16 characters. Kept sealed, and never shown again. */
export const HookSecret = z
  .string()
  .regex(/^[\x21-\x7e]{16,256}$/, '16 to 256 printable characters without spaces');

export const TriggerCreate = z.strictObject({
  name: settings.name,
  enabled: settings.enabled.default(true),
  source: settings.source.default(null),
  classes: settings.classes.default(null),
  on: settings.on,
  rule: settings.rule.default({ publish: false }),
  perClass: settings.perClass.default({}),
  windowSeconds: settings.windowSeconds.default(5),
  maxBuilds: settings.maxBuilds.default(2),
  /** of the hook of a push or registry trigger; absent: one is made */
  secret: HookSecret.optional(),
});
export type TriggerCreate = z.infer<typeof TriggerCreate>;

/** What is left out stays as it is; the kind of a trigger does not change. */
export const TriggerChange = z.strictObject({ ...settings, secret: HookSecret }).partial();
export type TriggerChange = z.infer<typeof TriggerChange>;

export const Trigger = z.object({
  id: TriggerId,
  ...settings,
  on: TriggerOn,
  source: SourceId.nullable(),
  /** the class file that names it, and alone changes it; null: it was made here */
  classFile: z.string().nullable(),
  /** where the forge or registry sends its notices, below the address of the API; null: it takes none */
  hook: z.string().nullable(),
  /** when it is due next, of those that go by time */
  nextAt: time.nullable(),
  createdAt: time,
  updatedAt: time,
});
export type Trigger = z.infer<typeof Trigger>;

/** The only answer that has the secret. */
export const TriggerCreated = Trigger.extend({ secret: z.string().nullable() });
export type TriggerCreated = z.infer<typeof TriggerCreated>;

/** What is left out is as in the trigger. */
export const TriggerRun = z.strictObject({
  classes: z.array(ClassName).min(1).max(256).optional(),
  branch: BranchName.optional(),
});
export type TriggerRun = z.infer<typeof TriggerRun>;

/**
 * - `waiting`: other builds of the class go first
 * - `building`, then `published` where the rule says so, then `done`
 * - `failed`: the build, or what was to follow, see `code`; `superseded`: a newer one took its place
 */
export const TriggeredState = z.enum(['waiting', 'building', 'published', 'done', 'failed', 'superseded']);
export type TriggeredState = z.infer<typeof TriggeredState>;

/** A build that a trigger asked for, and what became of it. */
export const TriggeredBuild = z.object({
  deviceClass: ClassName,
  state: TriggeredState,
  code: z.string().nullable(),
  message: z.string().nullable(),
  build: BuildId.nullable(),
  buildState: BuildState.nullable(),
  channel: ChannelName.nullable(),
  release: ReleaseId.nullable(),
  rollout: RolloutId.nullable(),
});
export type TriggeredBuild = z.infer<typeof TriggeredBuild>;

/** - `accepted`: it makes builds, or joined what was about to; `ignored`: it asks for nothing; `refused`: not from whom it says */
export const DeliveryVerdict = z.enum(['accepted', 'ignored', 'refused']);
export type DeliveryVerdict = z.infer<typeof DeliveryVerdict>;

/** What set a trigger off, or tried to. */
export const TriggerDelivery = z.object({
  id: DeliveryId,
  trigger: TriggerId,
  /** as the sender calls it: `push`, `ping` …; `schedule`, `upstream`, `release`, `manual` come from here */
  event: z.string(),
  /** that the sender gave it */
  eventId: z.string().nullable(),
  verdict: DeliveryVerdict,
  code: z.string().nullable(),
  reason: z.string(),
  /** commit, ref, repository, image … */
  facts: z.record(z.string(), z.unknown()),
  /** how often the same came again; it was answered, and nothing else */
  replays: z.int(),
  replayedAt: time.nullable(),
  /** what became of it: `waiting` for the window to close, `running`, or its end; null: nothing was to become of it */
  run: z
    .object({
      state: z.enum(['waiting', 'running', 'done', 'ignored', 'failed']),
      code: z.string().nullable(),
      message: z.string().nullable(),
    })
    .nullable(),
  builds: z.array(TriggeredBuild),
  at: time,
});
export type TriggerDelivery = z.infer<typeof TriggerDelivery>;

/** Answer to a notice. */
export const HookAnswer = z.object({
  delivery: DeliveryId.nullable(),
  verdict: DeliveryVerdict,
  reason: z.string(),
  /** it had come before */
  replayed: z.boolean(),
});
export type HookAnswer = z.infer<typeof HookAnswer>;
