import { z } from 'zod';
import type { Database } from '@slipway/fleet';
import { askSql } from './ask-sql.ts';

/** Class of device 0, 8, 16, …; it has a rollout that is under way. */
export const BIG_CLASS = 'edge-arm64';

const CLASS = `(array['edge-arm64','edge-amd64','gateway-arm64','kiosk-amd64','camera-arm64','meter-arm64','sign-amd64','lab-amd64'])`;
const SITE = `(array['berlin','lyon','oslo','porto','riga'])`;
const STATES = `(array['COMMITTED','COMMITTED','COMMITTED','COMMITTED','COMMITTED','COMMITTED','COMMITTED','ROLLED_BACK','CANCELED','TIMED_OUT'])`;

const classOf = (n: string): string => `${CLASS}[1 + (${n}) % 8]`;
const archOf = (n: string): string => `split_part(${classOf(n)}, '-', 2)`;
const deviceOf = (n: string): string => `${SITE}[1 + (${n}) % 5] || '-' || lpad((${n})::text, 8, '0')`;
const id = (prefix: string, n: string): string => `'${prefix}_' || lpad((${n})::text, 16, '0')`;
const versionOf = (n: string): string => `((${n}) / 90) || '.' || ((${n}) / 10 % 9) || '.' || ((${n}) % 10)`;
const ago = (n: string, unit: string): string =>
  `timestamptz '2026-03-01 12:00Z' - (${n}) * interval '1 ${unit}'`;
/** Looks like chance, and is the same in every run. */
const hash = (n: string, below: number): string => `((${n}) * 7919::bigint % 104729 % ${below})`;

type Table = {
  readonly table: string;
  readonly rows: (devices: number) => number;
  /** of row number n, from 0 */
  readonly columns: Readonly<Record<string, string>>;
};

const rolloutsFor = (devices: number): number => Math.max(24, 8 * Math.round(devices / 16_000));
const buildsFor = (devices: number): number => Math.max(400, Math.round(devices / 40));
const GROUPS = 20;

/** In the order in which they refer to one another. The last rollout of every class but one is over. */
const tables = (devices: number): readonly Table[] => [
  {
    table: 'builds',
    rows: buildsFor,
    columns: {
      id: id('bld', 'n'),
      release: id('rel', 'n'),
      device_class: classOf('n'),
      version: versionOf('n / 8'),
      counter: 'n / 8 + 1',
      state: `case when n >= ${buildsFor(devices) - 6} then 'queued' when n % 16 = 9 then 'failed' else 'succeeded' end`,
      input_digest: `'sha256:' || md5(n::text) || md5(n::text)`,
      artifacts: `'[{"path":"root.img","size":62914560}]'`,
      created_at: ago(`${buildsFor(devices)} - n`, 'hour'),
      finished_at: `case when n < ${buildsFor(devices) - 6} then ${ago(`${buildsFor(devices)} - n`, 'hour')} end`,
    },
  },
  {
    table: 'releases',
    rows: (all) => buildsFor(all) - 8,
    columns: {
      id: id('rel', 'n'),
      build: id('bld', 'n'),
      device_class: classOf('n'),
      arch: archOf('n'),
      version: versionOf('n / 8'),
      counter: 'n / 8 + 1',
      state: `case when n % 3 = 0 then 'deprecated' else 'published' end`,
      root_hash: `md5(n::text) || md5(n::text)`,
      bundle_digest: `'sha256:' || md5(n::text) || md5('b' || n)`,
      bundle_size: '48000000 + n',
      created_at: ago(`${buildsFor(devices)} - n`, 'hour'),
    },
  },
  {
    table: 'rollouts',
    rows: rolloutsFor,
    columns: {
      id: id('rol', 'n'),
      release: id('rel', 'n'),
      device_class: classOf('n'),
      version: versionOf('n / 8'),
      state: `case when n = ${rolloutsFor(devices) - 8} then 'running' when n % 9 = 4 then 'aborted' else 'completed' end`,
      failure_threshold: '1000000',
      max_in_flight: '200',
      sweep_from: 'null',
      swept_at: ago('0', 'day'),
      placed: 'true',
      created_at: ago(`${rolloutsFor(devices)} - n`, 'day'),
    },
  },
  {
    table: 'rollout_waves',
    rows: rolloutsFor,
    columns: {
      rollout: id('rol', 'n'),
      index: '0',
      state: `case when n = ${rolloutsFor(devices) - 8} then 'running' else 'passed' end`,
    },
  },
  {
    // Of the one under way: a third is decided or at it, the others are to come.
    table: 'rollout_members',
    rows: (all) => Math.floor(all / 8),
    columns: {
      rollout: id('rol', String(rolloutsFor(devices) - 8)),
      device: deviceOf('n * 8'),
      wave: '0',
      position: hash('n', 100_000),
      state: `case when n >= ${Math.floor(devices / 24)} then 'open' when n % 50 = 0 then 'live' else 'healthy' end`,
      attempt: `case when n >= ${Math.floor(devices / 24)} then 0 else 1 end`,
    },
  },
  {
    table: 'rollout_tallies',
    rows: () => 3,
    columns: {
      rollout: id('rol', String(rolloutsFor(devices) - 8)),
      wave: '0',
      state: `(array['open', 'live', 'healthy'])[1 + n]`,
      count: `(array[${Math.floor(devices / 8) - Math.floor(devices / 24)}, ${Math.floor(devices / 24 / 50)}, ${Math.floor((devices / 24 / 50) * 49)}])[1 + n]`,
    },
  },
  {
    table: 'devices',
    rows: (all) => all,
    columns: {
      id: deviceOf('n'),
      device_class: classOf('n'),
      arch: archOf('n'),
      name: `'Device ' || n`,
      serial: `'SN' || lpad(n::text, 9, '0')`,
      tags: `array_remove(array[case when n % 50 = 7 then 'canary' end, case when n % 3 = 0 then 'indoor' end, 'line-' || n % 40], null)`,
      attributes: `jsonb_build_object('site', ${SITE}[1 + n % 5], 'rack', n % 500, 'customer', 'c' || ${hash('n', 2000)})`,
      state: `case when n % 400 = 11 then 'pending' when n % 400 = 12 then 'decommissioned' else 'active' end`,
      online: 'n % 20 <> 3',
      connection: '10',
      health: `case when n % 200 = 5 then 'failed' else 'ok' end`,
      active_slot: `'a'`,
      slots: `'{"a":{"state":"GOOD"},"b":{"state":"GOOD"}}'`,
      release: id('rel', hash('n', 40)),
      version: versionOf(hash('n', 300)),
      agent_version: `'0.1.0'`,
      boot_id: 'md5(n::text)',
      services: `'[{"name":"web","state":"running","starts":1},{"name":"db","state":"running","starts":1}]'`,
      telemetry: `jsonb_build_object('v', 1, 'bootId', md5(n::text), 'uptime', n, 'health', 'ok', 'services', '[]'::jsonb,
        'memoryAvailable', 200000000 + n, 'memoryTotal', 512000000, 'load1', 0.5, 'cpuBusy', 0.2, 'diskFree', 1000000000,
        'diskTotal', 4000000000, 'temperature', 30 + ${hash('n', 56)}, 'restarts', 0, 'bootTime', 12.5)`,
      desired_seq: '5',
      enrolled_at: ago('1000 + n % 300', 'hour'),
      last_seen_at: ago(`case when n % 20 = 3 then ${hash('n', 20_000)} else 0 end`, 'minute'),
      certificate_expires_at: ago(`-30 - ${hash('n', 60)}`, 'day'),
      channel: `case when n % 10 = 0 then 'beta' end`,
    },
  },
  {
    table: 'device_certificates',
    rows: (all) => all,
    columns: {
      serial: 'md5(n::text)',
      device: deviceOf('n'),
      key_sha256: `md5('k' || n)`,
      issued_at: ago('30', 'day'),
      expires_at: ago('-60', 'day'),
      revoked_at: `case when n % 1000 = 1 then ${ago('1', 'day')} end`,
    },
  },
  {
    table: 'executions',
    // Of the first two rollouts of each class every device; of the one under way a third, and of those a few are at it.
    rows: (all) => all * 2 + Math.floor(all / 24),
    columns: {
      id: id('exe', 'n'),
      rollout: `case when n < ${devices * 2} then ${id('rol', `n % ${devices} % 8 + 8 * (n / ${devices})`)} else ${id('rol', String(rolloutsFor(devices) - 8))} end`,
      device: `case when n < ${devices * 2} then ${deviceOf(`n % ${devices}`)} else ${deviceOf(`(n - ${devices * 2}) * 8`)} end`,
      release: `case when n < ${devices * 2} then ${id('rel', `n % ${devices} % 8 + 8 * (n / ${devices})`)} else ${id('rel', String(rolloutsFor(devices) - 8))} end`,
      state: `case when n >= ${devices * 2} and n % 50 = 0 then 'DOWNLOADING' else ${STATES}[1 + ${hash('n', 10)}] end`,
      settled: `case when n >= ${devices * 2} and n % 50 = 0 then 'DOWNLOADING' else ${STATES}[1 + ${hash('n', 10)}] end`,
      code: `case when ${hash('n', 10)} = 7 then 'HEALTH_FAILED' end`,
      bytes_total: '48000000',
      deadline_at: ago('-1 - n % 100', 'day'),
      created_at: ago(`${devices * 3} - n`, 'second'),
    },
  },
  {
    table: 'execution_history',
    rows: (all) => all * 6,
    columns: {
      execution: id('exe', 'n / 3'),
      state: `(array['OFFERED','DOWNLOADING','COMMITTED'])[1 + n % 3]`,
      at: ago(`${devices * 6} - n`, 'second'),
    },
  },
  {
    table: 'device_reports',
    rows: (all) => all * 5,
    columns: {
      device: deviceOf('n / 5'),
      seq: 'n % 5 + 1',
      report: `jsonb_build_object('v', 1, 'seq', n % 5 + 1, 'execution', ${id('exe', 'n / 5')}, 'state', 'COMMITTED', 'slot', 'b')`,
      at: ago(`${devices * 5} - n`, 'second'),
    },
  },
  {
    table: 'device_commands',
    rows: (all) => Math.floor(all / 5),
    columns: {
      id: id('cmd', 'n'),
      device: deviceOf(`n % ${Math.max(1, Math.floor(devices / 10))} * 10`),
      request: `'{"kind":"reboot"}'`,
      state: `'done'`,
      created_at: ago(`${devices} - n`, 'minute'),
      expires_at: ago(`${devices} - n`, 'minute'),
      answer_by: ago(`${devices} - n`, 'minute'),
    },
  },
  {
    // What each device took of the second rollout of its class, within the last month.
    table: 'device_runs',
    rows: (all) => all,
    columns: {
      device: deviceOf('n'),
      at: ago(`n % 30 * 24 + 1`, 'hour'),
      release: id('rel', 'n % 8 + 8'),
      version: versionOf('(n % 8 + 8) / 8'),
      before_release: id('rel', 'n % 8'),
      before_version: versionOf('0'),
    },
  },
  {
    // Of a month, every ten minutes, ten versions of each class.
    table: 'fleet_snapshots',
    rows: () => 30 * 144,
    columns: {
      at: ago('n * 10', 'minute'),
      total: String(devices),
      online: String(Math.floor(devices * 0.95)),
      versions: `(select jsonb_object_agg(class, (select jsonb_object_agg(${versionOf('k')}, ${devices} / 80) from generate_series(0, 9) as k)) from unnest(${CLASS}) as class)`,
    },
  },
  {
    table: 'groups',
    rows: () => GROUPS,
    columns: {
      id: id('grp', 'n'),
      name: `case when n < 5 then 'listed-' || n else 'found-' || n end`,
      query: `case when n >= 5 then 'attr.site = berlin and tag = line-' || n end`,
    },
  },
  {
    table: 'group_members',
    rows: (all) => Math.floor(all / 4),
    columns: { group: id('grp', 'n % 5'), device: deviceOf('n * 4') },
  },
  {
    table: 'channels',
    rows: () => 16,
    columns: {
      device_class: classOf('n'),
      name: `case when n < 8 then 'stable' else 'beta' end`,
      release: id('rel', 'n'),
    },
  },
  {
    table: 'audit',
    rows: (all) => all * 2,
    columns: {
      actor: `'admin'`,
      action: `(array['device.tag','release.publish','rollout.create','device.enrol'])[1 + n % 4]`,
      subject: deviceOf('n % 1000'),
      details: `'{"note":"as it was"}'`,
      content: `'{}'`,
      sequence: 'n + 1',
      previous: `md5(n::text) || md5(n::text)`,
      hash: `md5((n + 1)::text) || md5((n + 1)::text)`,
      at: ago(`${devices * 2} - n`, 'second'),
    },
  },
];

const Column = z.object({ table: z.string(), column: z.string(), type: z.string() });

/**
 * Empties the tables and writes a fleet into those that are there, as far as they have the columns: a database that
 * later migrations have yet to come to is filled by the same means. Triggers are off meanwhile: the chain of the audit
 * log is none, and devices are counted at the end.
 *
 * @returns rows of each table
 */
export const fillFleet = (database: Database, devices: number): Promise<Record<string, number>> =>
  database.transaction(async (db) => {
    await askSql(db, z.unknown(), 'set local session_replication_role = replica');
    const there = await askSql(
      db,
      Column,
      `select table_name as table, column_name as column, udt_name as type from information_schema.columns where table_schema = 'public'`,
    );
    const known = tables(devices).filter(({ table }) => there.some((one) => one.table === table));
    await askSql(db, z.unknown(), `truncate ${known.map(({ table }) => `"${table}"`).join(', ')} cascade`);
    const rows: Record<string, number> = {};
    for (const { table, rows: count, columns } of known) {
      const present = there.filter((one) => one.table === table && columns[one.column] !== undefined);
      const names = present.map(({ column }) => `"${column}"`).join(', ');
      const values = present.map(({ column, type }) => `(${columns[column] ?? 'null'})::${type}`).join(', ');
      rows[table] = count(devices);
      await askSql(
        db,
        z.unknown(),
        `insert into "${table}" (${names}) select ${values} from generate_series(0, ${count(devices) - 1}) as row(n)`,
      );
    }
    await askSql(
      db,
      z.unknown(),
      `do $$ begin if to_regproc('count_all_devices') is not null then perform count_all_devices(); end if; end $$`,
    );
    await askSql(db, z.unknown(), 'analyze');
    return rows;
  });
