import { and } from 'drizzle-orm';
import {
  createRollout,
  listDevices,
  openDatabase,
  planRollout,
  queryCondition,
  type Database,
} from '@slipway/fleet';
import { seedRelease, TEST_CLASS } from '@slipway/fleet/testing';
import type { FleetBench } from './result.ts';

const QUERIES = [
  'tag = canary and version < 1.2.0',
  'attr.site = berlin and attr.rack = 17',
  'serial = SN000001234',
  'version = 1.4.2 and online = true',
  'health = failed',
  'metric.cpu_temp > 80 and online = true',
  'alarm = disk_full',
] as const;
/** Enough of the planner: it takes the devices in bit by bit before it offers anything. */
const OFFERS = 10_000;
const MAX_DECISIONS = 20_000;
const TIMES = 5;

const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? 0;

/** Devices of one class, as unlike each other as in a fleet; those of no other table. */
const fill = async (db: Database, rows: number): Promise<void> => {
  await db.execute(`insert into devices (tenant, id, device_class, arch, serial, tags, attributes, online, health,
      active_slot, slots, version, agent_version, boot_id, telemetry, enrolled_at, last_seen_at)
    select 'default', 'row-' || lpad(n::text, 8, '0'), '${TEST_CLASS}', 'amd64', 'SN' || lpad(n::text, 9, '0'),
      array_remove(array[case when n % 50 = 7 then 'canary' end, 'line-' || n % 40], null),
      jsonb_build_object('site', (array['berlin','lyon','oslo','porto','riga'])[1 + n % 5], 'rack', n % 500),
      n % 20 <> 3, case when n % 200 = 5 then 'failed' else 'ok' end, 'a',
      '{"a":{"state":"GOOD"},"b":{"state":"GOOD"}}'::jsonb, '1.' || n % 9 || '.' || n % 7, '0.1.0', md5(n::text),
      jsonb_build_object('v', 1, 'bootId', md5(n::text), 'uptime', n, 'health', 'ok', 'services', '[]'::jsonb,
        'memoryAvailable', 200000000, 'memoryTotal', 512000000, 'load1', 0.5, 'diskFree', 500000000 + n % 1000 * 4000000::bigint,
        'diskTotal', 4500000000, 'temperature', 30 + n * 7919::bigint % 104729 % 56),
      now() - interval '40 days', now()
    from generate_series(0, ${rows - 1}) as row(n)`);
  await db.execute('vacuum analyze devices');
};

/** Queries and the planner, asked of many devices. @param url of a database of its own */
export const measureRows = async (
  url: string,
  rows: number,
  print: (line: string) => void,
): Promise<NonNullable<FleetBench['rows']>> => {
  // A call of the planner makes several decisions, each in a transaction of its own.
  const decisions: number[] = [];
  let begun = 0;
  const onStatement = (text: string): void => {
    if (text === 'begin') begun = performance.now();
    if (text === 'commit') decisions.push(performance.now() - begun);
  };
  const { db, close } = await openDatabase({ url }, { onStatement });
  try {
    print(`${rows} devices are written …`);
    await fill(db, rows);
    const now = new Date();
    const queries = [];
    for (const query of QUERIES) {
      const condition = and(await queryCondition(db, query, now));
      const times: number[] = [];
      for (let time = 0; time < TIMES; time += 1) {
        const start = performance.now();
        await listDevices(db, { limit: 100, offset: 0, condition });
        times.push(performance.now() - start);
      }
      queries.push({ query, ms: median(times) });
    }
    const release = await seedRelease(db, '2.0.0', Buffer.from('a bundle'));
    const limits = { failureThreshold: 1000, maxInFlight: OFFERS };
    const rollout = await createRollout(db, { release: release.id, ...limits }, now);
    decisions.length = 0;
    let offers = 0;
    for (let isMore = true; isMore && offers < OFFERS && decisions.length < MAX_DECISIONS;) {
      const { devices, more } = await planRollout(db, rollout.id, new Date());
      offers += devices.length;
      isMore = more;
    }
    const planner = {
      decisions: decisions.length,
      medianMs: median(decisions),
      worstMs: Math.max(...decisions),
      offers,
    };
    return { devices: rows, queries, planner };
  } finally {
    await close();
  }
};
