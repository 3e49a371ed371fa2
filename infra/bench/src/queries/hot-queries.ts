import {
  actorOfToken,
  bundleFor,
  countDevices,
  desiredOf,
  devicesAsked,
  devicesAskedSince,
  devicesToDrop,
  getDevice,
  getDeviceMetrics,
  getOverview,
  getRollout,
  groupsOfDevice,
  keyRotations,
  listAudit,
  listBuilds,
  listCommands,
  listDevices,
  listExecutions,
  listReleases,
  listRollouts,
  liveExecution,
  packageCoverage,
  planRollout,
  queryCondition,
  queryFields,
  recordBirth,
  recordDeath,
  recordMetrics,
  recordProgress,
  recordStatus,
  recordTelemetry,
  rolloutsDue,
  rolloutsToPlan,
  runningRolloutsOn,
  versionHistory,
  versionTimeline,
  type Database,
  type Page,
  type Paged,
} from '@slipway/fleet';
import {
  Birth,
  ClassName,
  DEFAULT_TENANT,
  DeviceId,
  ExecutionId,
  Progress,
  ReleaseId,
  RolloutId,
  Status,
  Telemetry,
} from '@slipway/protocol';
import { sql } from 'drizzle-orm';
import { z } from 'zod';
import { askSql } from './ask-sql.ts';
import { BIG_CLASS } from './fill.ts';
import type { QueryMeasure } from './result.ts';

export type HotQuery = Pick<QueryMeasure, 'part' | 'name'> & {
  readonly run: (db: Database) => Promise<unknown>;
  /** it asks for all there is */
  readonly mayScan?: boolean;
  readonly goalMs?: number;
  /** the same part of a list, by counting rows */
  readonly byOffset?: (db: Database) => Promise<unknown>;
};

const NOW = new Date('2026-03-01T12:00:00Z');
const FIRST: Page = { limit: 100, offset: 0 };

const One = z.object({
  device: DeviceId,
  execution: ExecutionId,
  release: ReleaseId,
  rollout: RolloutId,
});

/** What people, devices and the planner ask for often, by the functions that they ask with. */
export const hotQueries = async (db: Database, devices: number): Promise<readonly HotQuery[]> => {
  const [one] = await askSql(
    db,
    One,
    `select device, id as execution, release, rollout from executions where state = 'DOWNLOADING' limit 1`,
  );
  if (one === undefined) throw new Error('nothing is under way in the database');
  const { device, execution, release, rollout } = one;
  const deviceClass = ClassName.parse(BIG_CLASS);
  const deep = Math.floor(devices * 0.9);
  const service = { name: 'web', state: 'running', starts: 1 };
  const telemetry = Telemetry.parse({
    v: 1,
    bootId: 'b',
    uptime: 10,
    health: 'ok',
    services: [service],
    memoryAvailable: 1,
    memoryTotal: 2,
    load1: 0.1,
    temperature: 41,
  });
  const birth = Birth.parse({
    v: 1,
    deviceId: device,
    deviceClass,
    arch: 'arm64',
    bootId: 'b',
    connection: 11,
    agentVersion: '0.1.0',
    activeSlot: 'a',
    slots: { a: { state: 'GOOD' }, b: { state: 'EMPTY' } },
    health: 'ok',
    services: [service],
  });
  const status = Status.parse({
    v: 1,
    seq: 1000,
    execution,
    release,
    state: 'VERIFIED',
    bootId: 'b',
    slot: 'b',
  });
  const progress = Progress.parse({
    v: 1,
    execution,
    phase: 'DOWNLOADING',
    bytesDone: 1,
    bytesTotal: 2,
    bytesReceived: 1,
    bytesReused: 0,
  });

  const some = await listDevices(db, { limit: 100, offset: 0 });
  const points = some.map(({ id }) => ({ device: id, telemetry, at: NOW }));

  const gateway: [string, HotQuery['run'], mayScan?: true][] = [
    ['birth', (tx) => recordBirth(tx, birth, false, NOW)],
    ['rollouts of a device', (tx) => runningRolloutsOn(tx, device)],
    ['telemetry', (tx) => recordTelemetry(tx, device, telemetry, NOW)],
    ['status report', (tx) => recordStatus(tx, device, status, NOW)],
    ['progress', (tx) => recordProgress(tx, [{ device, progress }], NOW)],
    ['metrics of 100 devices', (tx) => recordMetrics(tx, points)],
    ['death', (tx) => recordDeath(tx, device, 10)],
    ['what is asked of a device', (tx) => desiredOf(tx, device)],
    ['live execution of a device', (tx) => liveExecution(tx, device)],
    ['bundle that a device may read', (tx) => bundleFor(tx, device)],
    ['sessions to end', (tx) => devicesToDrop(tx, 60_000, NOW)],
    ['a page of what is asked of all, at start', (tx) => devicesAsked(tx, device, 500)],
    ['what was asked lately, after the broker was away', (tx) => devicesAskedSince(tx, NOW), true],
  ];
  const planner: [string, HotQuery['run'], mayScan?: true][] = [
    ['rollouts to plan', (tx) => rolloutsToPlan(tx)],
    ['rollouts that are due', (tx) => rolloutsDue(tx, NOW)],
    ['plan a rollout', (tx) => planRollout(tx, rollout, NOW), true],
  ];

  type List = (tx: Database, page: Page) => Promise<Paged<unknown>>;
  const lists: [string, List, mayScan?: true][] = [
    ['devices', (tx, page) => listDevices(tx, page)],
    ['devices of a class', (tx, page) => listDevices(tx, { ...page, deviceClass })],
    ['devices online', (tx, page) => listDevices(tx, { ...page, online: true })],
    ['devices pending', (tx, page) => listDevices(tx, { ...page, state: 'pending' })],
    ['builds', (tx, page) => listBuilds(tx, page)],
    ['builds of a class', (tx, page) => listBuilds(tx, { ...page, deviceClass })],
    ['builds queued', (tx, page) => listBuilds(tx, { ...page, state: 'queued' })],
    ['releases', (tx, page) => listReleases(tx, page)],
    // With the counts of each, which are of all executions there are.
    ['rollouts', (tx, page) => listRollouts(tx, { ...page, limit: 20 }), true],
    ['executions of a rollout', (tx, page) => listExecutions(tx, { ...page, limit: 20, rollout })],
    ['executions of a device', (tx, page) => listExecutions(tx, { ...page, limit: 20, device })],
    ['executions', (tx, page) => listExecutions(tx, { ...page, limit: 20 })],
    ['commands of a device', (tx, page) => listCommands(tx, device, page, NOW)],
    ['audit', (tx, page) => listAudit(tx, page)],
  ];
  const walked: [string, List, rows: number][] = [
    ['devices, far down', (tx, page) => listDevices(tx, page), deep],
    [
      'devices of a class, far down',
      (tx, page) => listDevices(tx, { ...page, deviceClass }),
      Math.floor(deep / 8),
    ],
    [
      'executions, far down',
      (tx, page) => listExecutions(tx, { ...page, limit: Math.min(20, page.limit) }),
      deep * 2,
    ],
    ['audit, far down', (tx, page) => listAudit(tx, page), deep * 2],
  ];
  const after = async (list: List, rows: number): Promise<string> => {
    const { next } = await list(db, { limit: 1, offset: rows - 1 });
    if (next === undefined) throw new Error(`no list goes on after ${rows} rows`);
    return next;
  };
  const deepLists = await Promise.all(
    walked.map(async ([name, list, rows]): Promise<HotQuery> => {
      const cursor = await after(list, rows);
      return {
        part: 'lists',
        name,
        run: (tx) => list(tx, { ...FIRST, after: cursor }),
        byOffset: (tx) => list(tx, { ...FIRST, offset: rows }),
      };
    }),
  );

  const queries = [
    'class = edge-arm64 and metric.cpu_temp > 70 and version < 2.3.0',
    'tag = canary',
    'tag = canary and version < 1.2.0',
    'attr.site = berlin and attr.rack = 25',
    'attr.customer = c77',
    'id ~ berlin-00001*',
    'version = 2.1.3',
    'version < 0.2.0',
    'serial = SN000001234',
    'last_seen > 7d ago and online = false',
    'alarm = offline',
    'alarm = hot',
    'alarm = unhealthy',
    'group = listed-1 and online = false',
    'group = found-10',
  ];
  const byQuery = (text: string) => async (tx: Database) =>
    listDevices(tx, { ...FIRST, condition: await queryCondition(tx, text, NOW) });
  const whole = 'class = edge-arm64 and metric.cpu_temp > 70 and version < 2.3.0';

  const server = { storeIsFull: false, workers: 1, builds: 0 };
  const daysAgo = (days: number): Date => new Date(NOW.getTime() - days * 86_400_000);
  // What a person waits for who opens it in the morning.
  const dashboard: [string, goalMs: number, HotQuery['run']][] = [
    ['overview', 200, (tx) => getOverview(tx, DEFAULT_TENANT, 'fleet', server, NOW)],
    ['versions over time', 200, (tx) => versionHistory(tx, daysAgo(14), NOW)],
    [
      'versions over time of a group',
      200,
      async (tx) =>
        versionTimeline(
          tx,
          (await queryCondition(tx, 'group = listed-1', NOW)) ?? sql`true`,
          daysAgo(14),
          NOW,
        ),
    ],
    ['fields of the query language', 100, (tx) => queryFields(tx, 'fleet', undefined)],
    ['coverage of a package', 1000, (tx) => packageCoverage(tx, { query: 'openssl', days: 30 }, NOW)],
    ['who follows a rotation of keys', 200, (tx) => keyRotations(tx, DEFAULT_TENANT)],
    ['metrics of a device', 20, (tx) => getDeviceMetrics(tx, device, daysAgo(1), NOW, 300)],
  ];

  const rows = (part: HotQuery['part'], of: typeof gateway): HotQuery[] =>
    of.map(([name, run, mayScan = false]) => ({ part, name, run, mayScan }));
  return [
    ...rows('gateway', gateway),
    ...rows('planner', planner),
    { part: 'lists', name: 'a device', run: (tx) => getDevice(tx, device) },
    { part: 'lists', name: 'groups of a device', run: (tx) => groupsOfDevice(tx, device, NOW) },
    { part: 'lists', name: 'a token', run: (tx) => actorOfToken(tx, 'none') },
    ...lists.map(([name, list, mayScan = false]): HotQuery => ({
      part: 'lists',
      name,
      run: (tx) => list(tx, FIRST),
      mayScan,
    })),
    ...deepLists,
    {
      part: 'lists',
      name: 'a rollout with its counts',
      run: (tx) => getRollout(tx, rollout),
      mayScan: true,
    },
    ...queries.map(
      // A page ends early where many devices are found, and walks past all others where few are.
      (text): HotQuery => ({ part: 'queries', name: text, run: byQuery(text), mayScan: true }),
    ),
    ...dashboard.map(([name, goalMs, run]): HotQuery => ({
      part: 'dashboard',
      name,
      run,
      goalMs,
      mayScan: true,
    })),
    { part: 'counts', name: 'all devices', run: (tx) => countDevices(tx, '', NOW), mayScan: true },
    { part: 'counts', name: whole, run: (tx) => countDevices(tx, whole, NOW), mayScan: true },
    {
      part: 'counts',
      name: 'tag = canary',
      run: (tx) => countDevices(tx, 'tag = canary', NOW),
      mayScan: true,
    },
    {
      part: 'counts',
      name: 'group = listed-1',
      run: (tx) => countDevices(tx, 'group = listed-1', NOW),
      mayScan: true,
    },
  ];
};
