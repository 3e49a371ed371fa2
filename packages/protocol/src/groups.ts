import { z } from 'zod';
import { DeviceId, GroupId } from './ids.ts';

/** What operators say of devices, and the groups they make of them. */
const time = z.iso.datetime();

export const MAX_TAGS = 64;
export const MAX_ATTRIBUTES = 64;

export const Tag = z
  .string()
  .regex(
    /^[a-z0-9](?:[a-z0-9._:-]{0,61}[a-z0-9])?$/,
    'lower-case letters, digits, and . _ : - between them, at most 63',
  );
export type Tag = z.infer<typeof Tag>;

export const AttributeName = z
  .string()
  .regex(
    /^[a-z][a-z0-9_.-]{0,62}$/,
    'a lower-case letter, then lower-case letters, digits, and . _ -, at most 63',
  );
export type AttributeName = z.infer<typeof AttributeName>;

/** Text without control characters: PostgreSQL stores no NUL, and a table of the CLI breaks at a line's end. */
const line = z.string().regex(/^[^\p{Cc}\p{Cs}]*$/u, 'one line of text');

export const AttributeValue = z.union([line.max(256), z.number(), z.boolean()]);
export type AttributeValue = z.infer<typeof AttributeValue>;

/** Body of `PATCH /v1/devices/:id`: what is absent stays as it is. */
export const DeviceChange = z.strictObject({
  /** to show to people; null: none */
  name: line.trim().min(1).max(128).nullable().optional(),
  /** in place of all there were */
  tags: z.array(Tag).max(MAX_TAGS).optional(),
  addTags: z.array(Tag).max(MAX_TAGS).optional(),
  removeTags: z.array(Tag).max(MAX_TAGS).optional(),
  /** each is set, or removed where it is null; the others stay */
  attributes: z.record(AttributeName, AttributeValue.nullable()).optional(),
});
export type DeviceChange = z.infer<typeof DeviceChange>;

export const MAX_QUERY_LENGTH = 4096;
export const QueryText = z.string().max(MAX_QUERY_LENGTH);
export type QueryText = z.infer<typeof QueryText>;

/** Never like an id, so that either names a group. */
export const GroupName = z
  .string()
  .regex(
    /^(?!grp_)[a-z0-9](?:[a-z0-9._-]{0,61}[a-z0-9])?$/,
    'lower-case letters, digits, and . _ - between them, at most 63, not beginning with grp_',
  );
export type GroupName = z.infer<typeof GroupName>;

export const GroupCreate = z.strictObject({
  name: GroupName,
  description: line.max(512).default(''),
  /** the members are what it finds; absent: they are listed */
  query: QueryText.min(1).optional(),
});
export type GroupCreate = z.infer<typeof GroupCreate>;

export const GroupChange = z.strictObject({
  name: GroupName.optional(),
  description: line.max(512).optional(),
  /** only of a group that has one */
  query: QueryText.min(1).optional(),
});
export type GroupChange = z.infer<typeof GroupChange>;

export const Group = z.object({
  id: GroupId,
  name: GroupName,
  description: z.string(),
  /** null: the members are listed */
  query: z.string().nullable(),
  createdAt: time,
  updatedAt: time,
});
export type Group = z.infer<typeof Group>;

export const GroupMembers = z.strictObject({ devices: z.array(DeviceId).min(1).max(1000) });
export type GroupMembers = z.infer<typeof GroupMembers>;
