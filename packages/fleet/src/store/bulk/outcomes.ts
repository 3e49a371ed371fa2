import { and, eq, exists, sql, type SQL } from 'drizzle-orm';
import { MAX_ATTRIBUTES, MAX_TAGS, type BulkAction, type GroupId } from '@slipway/protocol';
import { channels, devices, groupMembers } from '../../schema.ts';

/** What becomes of a device: one of the two words, or the code of a refusal. */
export const CHANGED = 'changed';
export const UNCHANGED = 'unchanged';

type Change = Extract<BulkAction, { kind: 'change' }>;

/** Tags after a change, in order. */
export const tagsAfter = ({ addTags, removeTags }: Change): SQL =>
  sql`array(select distinct one.tag from unnest(${devices.tags} || ${sql.param(addTags)}::text[]) as one(tag)
    where one.tag <> all(${sql.param(removeTags)}::text[]) order by one.tag)`;

export const attributesAfter = ({ attributes }: Change): SQL => {
  const set = Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== null));
  const removed = Object.keys(attributes).filter((key) => attributes[key] === null);
  return sql`((${devices.attributes} - ${sql.param(removed)}::text[]) || ${JSON.stringify(set)}::jsonb)`;
};

const changeOutcome = (change: Change): SQL => {
  const tags = tagsAfter(change);
  const attributes = attributesAfter(change);
  return sql`case
    when cardinality(${tags}) > ${MAX_TAGS} then 'REQUEST_INVALID'
    when (select count(*) from jsonb_object_keys(${attributes})) > ${MAX_ATTRIBUTES} then 'REQUEST_INVALID'
    when ${tags} @> ${devices.tags} and ${tags} <@ ${devices.tags} and ${attributes} = ${devices.attributes} then ${UNCHANGED}
    else ${CHANGED} end`;
};

/** What would become of a device, as the database tells it. @param group of an action that names one */
export const outcomeOf = (action: BulkAction, group: GroupId | undefined): SQL<string> => {
  const state = (changed: SQL, unchanged: SQL): SQL<string> =>
    sql`case when ${unchanged} then ${UNCHANGED} when ${changed} then ${CHANGED} else 'CONFLICT' end`;
  const isState = (name: string): SQL => sql`${devices.state} = ${name}`;
  switch (action.kind) {
    case 'change':
      return sql`${changeOutcome(action)}`;
    case 'group': {
      const isMember = exists(
        sql`(select from ${groupMembers} where ${and(
          eq(groupMembers.group, sql`${group}`),
          eq(groupMembers.tenant, devices.tenant),
          eq(groupMembers.device, devices.id),
        )})`,
      );
      return sql`case when ${isMember} = ${action.member} then ${UNCHANGED} else ${CHANGED} end`;
    }
    case 'channel': {
      const hasChannel = exists(
        sql`(select from ${channels} where ${and(
          eq(channels.deviceClass, devices.deviceClass),
          eq(channels.name, sql`${action.channel}`),
        )})`,
      );
      return sql`case when ${devices.channel} is not distinct from ${action.channel}::text then ${UNCHANGED}
        when ${action.channel === null ? sql`true` : hasChannel} then ${CHANGED} else 'NOT_FOUND' end`;
    }
    case 'command':
      return sql`case when ${devices.online} then ${CHANGED} else 'DEVICE_OFFLINE' end`;
    case 'accept':
      return state(isState('pending'), isState('active'));
    case 'reject':
      return state(isState('pending'), isState('rejected'));
    case 'revoke':
      return state(isState('active'), sql`${devices.revokedAt} is not null`);
    case 'decommission':
      return state(sql`${devices.state} in ('active', 'revoked')`, isState('decommissioned'));
    default:
      return action satisfies never;
  }
};

/** Why devices are left as they are, and how that is mended. */
export const refusalOf = (action: BulkAction, code: string): string => {
  if (code === 'DEVICE_OFFLINE') return 'They are offline; commands are not kept for later.';
  if (code === 'NOT_FOUND')
    return action.kind === 'channel'
      ? `Their class has no channel ${action.channel ?? ''}. Make it for the class first.`
      : 'They are not there, or not in the groups that you may reach.';
  if (code === 'REQUEST_INVALID')
    return `They would have more than ${MAX_TAGS} tags or ${MAX_ATTRIBUTES} attributes. Remove some.`;
  switch (action.kind) {
    case 'accept':
      return 'Only devices that wait can be accepted.';
    case 'reject':
      return 'Only devices that wait can be rejected; revoke those that are in.';
    case 'revoke':
      return 'Only devices that are in can be revoked; reject those that wait.';
    case 'decommission':
      return 'Only devices that are in, or revoked, can be decommissioned.';
    case 'change':
    case 'group':
    case 'channel':
    case 'command':
      return 'They have changed meanwhile. Look at them and decide anew.';
    default:
      return action satisfies never;
  }
};
