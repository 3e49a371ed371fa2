import { sql, type SQL } from 'drizzle-orm';
import type { DeviceSort } from '@slipway/protocol';
import { devices } from '../schema.ts';
import type { Key } from './page.ts';

const text = (expression: SQL): Key => ({ expression: sql`coalesce(${expression}, '')`, type: 'text' });
const moment = (expression: SQL): Key => ({
  expression: sql`coalesce(${expression}, 'epoch'::timestamptz)`,
  type: 'timestamp',
});

const KEYS: Readonly<Record<Exclude<DeviceSort, 'id'>, Key>> = {
  name: text(sql`lower(${devices.name})`),
  class: devices.deviceClass,
  channel: text(sql`${devices.channel}`),
  state: devices.state,
  health: text(sql`${devices.health}`),
  online: { expression: sql`${devices.online}::integer`, type: 'integer' },
  version: text(sql`${devices.versionOrder}`),
  agent: text(sql`version_order(${devices.agentVersion}) collate "C"`),
  last_seen: moment(sql`${devices.lastSeenAt}`),
  enrolled: devices.enrolledAt,
};

/** Devices that are alike by it come by their ids. */
export const deviceOrder = (
  sort: DeviceSort,
  direction: 'asc' | 'desc',
): { readonly by: readonly Key[]; readonly direction: 'asc' | 'desc' } => ({
  by: sort === 'id' ? [devices.id] : [KEYS[sort], devices.id],
  direction,
});
