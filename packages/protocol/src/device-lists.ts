import { z } from 'zod';
import { CommandRequest } from './commands.ts';
import { ChannelName } from './channels.ts';
import { AttributeName, AttributeValue, GroupName, MAX_TAGS, QueryText, Tag } from './groups.ts';
import { DeviceId, GroupId, ViewId } from './ids.ts';

/** Lists of devices as people work with them: in which order, by which words, under which name, all at once. */
const time = z.iso.datetime();

/** What a list of devices can be ordered by; devices that have no such value come as if it were the lowest. */
export const DeviceSort = z.enum([
  'id',
  'name',
  'class',
  'channel',
  'state',
  'health',
  'online',
  'version',
  'agent',
  'last_seen',
  'enrolled',
]);
export type DeviceSort = z.infer<typeof DeviceSort>;

export const QueryFieldKind = z.enum([
  'text',
  'flag',
  'version',
  'time',
  'metric',
  'service',
  'attribute',
  'tag',
  'alarm',
  'group',
  'package',
]);
export type QueryFieldKind = z.infer<typeof QueryFieldKind>;

/** A field of the query language, for whoever helps to write a query. */
export const QueryField = z.object({
  name: z.string().describe('As it stands in a query; one that ends with a dot is followed by a name.'),
  kind: QueryFieldKind,
  operators: z.array(z.string()),
  meaning: z.string(),
  unit: z.enum(['bytes', 'percent', 'seconds', 'celsius', 'count']).nullable(),
  values: z.array(z.string()).describe('Known ones, most frequent first; a field may have others too.'),
});
export type QueryField = z.infer<typeof QueryField>;

const Column = z.string().regex(/^[a-z][a-z0-9_.-]{0,70}$/, 'the name of a column');

export const ViewCreate = z.strictObject({
  name: z
    .string()
    .trim()
    .min(1)
    .max(64)
    .regex(/^[^\p{Cc}\p{Cs}]*$/u, 'one line of text'),
  query: QueryText.default(''),
  columns: z.array(Column).max(32).default([]).describe('None: those that a table has by itself.'),
  sort: DeviceSort.default('id'),
  order: z.enum(['asc', 'desc']).default('asc'),
  shared: z.boolean().default(false).describe('Whether everybody sees it.'),
});
export type ViewCreate = z.infer<typeof ViewCreate>;

export const ViewChange = z.strictObject({
  name: ViewCreate.shape.name.optional(),
  query: QueryText.optional(),
  columns: z.array(Column).max(32).optional(),
  sort: DeviceSort.optional(),
  order: z.enum(['asc', 'desc']).optional(),
  shared: z.boolean().optional(),
});
export type ViewChange = z.infer<typeof ViewChange>;

/** A list of devices that somebody comes back to. */
export const View = z.object({
  id: ViewId,
  /** a user, or a token of the server */
  owner: z.string(),
  name: z.string(),
  query: z.string(),
  columns: z.array(z.string()),
  sort: DeviceSort,
  order: z.enum(['asc', 'desc']),
  shared: z.boolean(),
  createdAt: time,
  updatedAt: time,
});
export type View = z.infer<typeof View>;

/** What is done to many devices at once. */
export const BulkAction = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('change'),
    addTags: z.array(Tag).max(MAX_TAGS).default([]),
    removeTags: z.array(Tag).max(MAX_TAGS).default([]),
    attributes: z
      .record(AttributeName, AttributeValue.nullable())
      .default({})
      .describe('Each is set, or removed where it is null.'),
  }),
  z.strictObject({
    kind: z.literal('group'),
    group: z.union([GroupId, GroupName]).describe('One whose members are listed, by id or name.'),
    member: z.boolean().describe('Whether they are to belong to it.'),
  }),
  z.strictObject({
    kind: z.literal('channel'),
    channel: ChannelName.nullable().describe('That they are to follow; null: none.'),
  }),
  z.strictObject({ kind: z.literal('command'), command: CommandRequest }),
  z.strictObject({ kind: z.literal('accept') }),
  z.strictObject({ kind: z.literal('reject') }),
  z.strictObject({ kind: z.literal('revoke') }),
  z.strictObject({ kind: z.literal('decommission') }),
]);
export type BulkAction = z.infer<typeof BulkAction>;

export const BulkRequest = z.strictObject({
  devices: z.array(DeviceId).min(1).max(1000).optional().describe('These.'),
  query: QueryText.optional().describe('Those that it finds; of devices and query exactly one is given.'),
  action: BulkAction,
  dryRun: z.boolean().default(false).describe('Whether only to tell what would become of how many.'),
  after: DeviceId.optional().describe('Where to go on: the answer before has it.'),
});
export type BulkRequest = z.infer<typeof BulkRequest>;

export const BulkResult = z.object({
  dryRun: z.boolean(),
  changed: z.int().describe('Devices that are changed, or would be.'),
  unchanged: z.int().describe('Those that are so already.'),
  refused: z
    .array(
      z.object({
        code: z.string(),
        message: z.string(),
        count: z.int(),
        devices: z.array(DeviceId).describe('Some of them.'),
      }),
    )
    .describe('Those that stay as they are, by the reason.'),
  after: DeviceId.nullable().describe('There are more: ask again with it. null: these were the last.'),
});
export type BulkResult = z.infer<typeof BulkResult>;
