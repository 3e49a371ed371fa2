import { bigint, index, integer, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import {
  DEFAULT_TENANT,
  type DeviceId,
  type DeviceState,
  type ReleaseId,
  type TenantId,
} from '@slipway/protocol';
import { at } from './columns.ts';

// Refers to nothing, as reports: what devices say writes it.
const ofTenant = () => text('tenant').$type<TenantId>().notNull().default(DEFAULT_TENANT);

/** What a count is of; the function `device_counts` of the database tells what of each a device has. */
export type TallyAxis = 'runs' | 'health' | 'agent' | 'zone' | 'tag' | 'service' | 'attribute';

const counted = () => ({
  tenant: ofTenant(),
  axis: text('axis').$type<TallyAxis>().notNull(),
  state: text('state').$type<DeviceState>().notNull(),
  /** of `runs` the class, else empty */
  deviceClass: text('device_class').notNull(),
  /** of `runs` the channel, of attributes the name, else empty */
  key: text('key').notNull(),
  /** of `runs` the version; empty: none */
  value: text('value').notNull(),
  count: integer('count').notNull(),
});

/**
 * How many devices are what, so that nobody counts a large fleet to look at it. Whoever asks adds `device_deltas`, which
 * triggers of `devices` write: all that report at once would wait for one row here.
 */
export const deviceTallies = pgTable('device_tallies', counted(), (table) => [
  // No key: what devices say may be longer than an index takes. Only `foldDeltas` writes here, one at a time.
  index('device_tallies_axis').on(table.axis),
]);

export const deviceDeltas = pgTable('device_deltas', {
  id: bigint('id', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
  ...counted(),
});

/** Devices that are not connected, and since when as far as it is known. Written by a trigger of `devices`. */
export const devicesAway = pgTable(
  'devices_away',
  {
    tenant: ofTenant(),
    device: text('device').$type<DeviceId>().notNull(),
    state: text('state').$type<DeviceState>().notNull(),
    since: at('since').notNull(),
  },
  (table) => [primaryKey({ columns: [table.device, table.tenant] })],
);

/** When devices began to run something else. Written by a trigger of `devices`, and never removed, as executions. */
export const deviceRuns = pgTable(
  'device_runs',
  {
    tenant: ofTenant(),
    device: text('device').$type<DeviceId>().notNull(),
    at: at('at').notNull(),
    release: text('release').$type<ReleaseId>(),
    version: text('version'),
    beforeRelease: text('before_release').$type<ReleaseId>(),
    beforeVersion: text('before_version'),
  },
  (table) => [
    primaryKey({ columns: [table.device, table.tenant, table.at] }),
    index('device_runs_at').on(table.at),
  ],
);
