import { z } from 'zod';
import { ChannelName } from './channels.ts';
import { ClassName, SourceId, TriggerId } from './ids.ts';
import { SourceName } from './sources.ts';
import { TimeZone } from './time-zone.ts';

/** Triggers that class files name: they build their class, and nothing follows. */
const time = z.iso.datetime();

const glob = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[\x20-\x7e]+$/, 'printable');

/** Of the times that a class file names, and of looks upstream. */
export const LEAST_MINUTES_BETWEEN = 15;

/** What a class file may name. Of what triggers of a server have, that which needs no secret and decides nothing. */
export const ClassTrigger = z.discriminatedUnion('on', [
  z.strictObject({
    on: z.literal('push').describe('A push to the branch of the source that this class file is on.'),
    paths: z
      .strictObject({
        include: z.array(glob).max(64).default([]).describe('Files that count, too.'),
        exclude: z.array(glob).max(64).default([]).describe('Files that never count.'),
      })
      .optional()
      .describe('Files that count beside those that the class is made of, or never.'),
  }),
  z.strictObject({
    on: z.literal('cron').describe('A time.'),
    schedule: z
      .string()
      .min(1)
      .max(200)
      .describe('Minute, hour, day of month, month and day of week, such as "30 2 * * mon-fri".'),
    timeZone: TimeZone.default('UTC').describe('Of the schedule, such as Europe/Berlin.'),
  }),
  z.strictObject({
    on: z
      .literal('upstream')
      .describe('Tags or package sets of its components stand for something else than before.'),
    everyMinutes: z
      .int()
      .min(LEAST_MINUTES_BETWEEN)
      .max(10_080)
      .default(360)
      .describe('How often they are looked at, in minutes.'),
  }),
  z.strictObject({
    on: z.literal('release').describe('A release of another class is published.'),
    deviceClass: ClassName.describe('That class.'),
    channel: ChannelName.optional().describe('Only where it is published to this channel.'),
  }),
]);
export type ClassTrigger = z.infer<typeof ClassTrigger>;

/** At most so many in a class file. */
export const MAX_CLASS_TRIGGERS = 16;

/**
 * Whether triggers of class files are taken: `taken` as they are, `approval` once somebody who may release has approved of
 * each change, `off` never.
 */
export const ClassTriggerMode = z.enum(['taken', 'approval', 'off']);
export type ClassTriggerMode = z.infer<typeof ClassTriggerMode>;

/**
 * - `taken`: there is a trigger for it
 * - `covered`: one that was made on the server does the same
 * - `refused`: it cannot be here, see `message`
 * - `waiting`: for approval; `off`: triggers of this class file are not taken
 */
export const ClassTriggerState = z.enum(['taken', 'covered', 'refused', 'waiting', 'off']);
export type ClassTriggerState = z.infer<typeof ClassTriggerState>;

/** A class file, and what became of the triggers that it names. */
export const ClassTriggers = z.object({
  /** null: the file was never read without a fault */
  deviceClass: ClassName.nullable(),
  file: z.string(),
  mode: ClassTriggerMode,
  triggers: z.array(
    z.object({
      on: ClassTrigger,
      state: ClassTriggerState,
      /** that is there for it, or covers it */
      trigger: TriggerId.nullable(),
      message: z.string().nullable(),
    }),
  ),
  /** of what was approved, that which the class file names no more and which holds until that is approved, too */
  leaving: z.array(ClassTrigger),
  /** what is wrong with the file as it is: its triggers are those that it named last */
  code: z.string().nullable(),
  message: z.string().nullable(),
});
export type ClassTriggers = z.infer<typeof ClassTriggers>;

/** Where class files come from; `-` is the image repository of the server. */
export const ClassTriggerPlace = z.union([SourceId, SourceName, z.literal('-')]);
export type ClassTriggerPlace = z.infer<typeof ClassTriggerPlace>;

/** What class files of an image repository say of triggers. */
export const PlaceTriggers = z.object({
  /** null: the image repository of the server */
  source: SourceId.nullable(),
  name: z.string(),
  mode: ClassTriggerMode,
  /** those that name triggers, or have a mode of their own, by class */
  classes: z.array(ClassTriggers),
  /** the commit that they were read at; of the image repository of the server, what its class files are */
  at: z.string().nullable(),
  readAt: time.nullable(),
  /** why they could not be read the last time; what was read before holds */
  code: z.string().nullable(),
  message: z.string().nullable(),
});
export type PlaceTriggers = z.infer<typeof PlaceTriggers>;

export const PlaceTriggersChange = z.strictObject({
  /** null: of a class, that of its repository */
  mode: ClassTriggerMode.nullable(),
  /** of one class; absent: of all that have none of their own */
  deviceClass: ClassName.optional(),
});
export type PlaceTriggersChange = z.infer<typeof PlaceTriggersChange>;

export const PlaceTriggersApproval = z.strictObject({
  /** absent: those of every class */
  deviceClass: ClassName.optional(),
  /** where the class files were read, as it was shown: what changed since is not approved of */
  at: z.string(),
});
export type PlaceTriggersApproval = z.infer<typeof PlaceTriggersApproval>;
