import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  codeOf,
  DEFAULT_LIMITS,
  DeviceId,
  PROGRESS_POINTS,
  RolloutCreate,
  type ExecutionState,
  type Release,
  type Rollout,
  type RolloutId,
} from '@slipway/protocol';
import { openDatabase, type Database, type OpenDatabase } from '../database.ts';
import { rolloutMembers, rollouts } from '../schema.ts';
import { startTestPostgres } from '../testing/postgres.ts';
import { birthOf, seedOnlineDevice, seedRelease } from '../testing/seed.ts';
import { openTestDatabase } from '../testing/test-database.ts';
import { planOnce, planRollout } from './apply-plan.ts';
import { changeDevice } from './change-device.ts';
import { listCommands } from './commands.ts';
import { listExecutions, liveExecution } from './executions.ts';
import { recordBirth, recordDeath } from './record-presence.ts';
import { recordStatus } from './record-status.ts';
import { removeOldRows } from './retained-rows.ts';
import { listFailures } from './rollout-failures.ts';
import { rolloutProgress } from './rollout-progress.ts';
import { rolloutSummary } from './rollout-summary.ts';
import { createRollout, getRollout, rolloutsDue } from './rollouts.ts';
import {
  abortRollout,
  approveRollout,
  pauseRollout,
  resumeRollout,
  rollBackRollout,
  setRolloutLimits,
} from './steer-rollout.ts';

const postgres = await startTestPostgres();
afterAll(() => postgres?.stop());
const engines: [string, () => Promise<OpenDatabase>][] = [['PGlite', openTestDatabase]];
if (postgres !== undefined) engines.push(['PostgreSQL', () => openDatabase({ url: postgres.url })]);

const page = { limit: 200, offset: 0 };
const codeThrownBy = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'nothing',
    (error: unknown) => codeOf(error),
  );

describe.each(engines)('on %s', (_name, open) => {
  let database: OpenDatabase;
  let db: Database;
  let now = new Date();
  let versions = 0;
  beforeAll(async () => {
    database = await open();
    ({ db } = database);
  });
  afterAll(() => database.close());

  const later = (ms: number): Date => (now = new Date(now.getTime() + ms));
  const seed = async (prefix: string, count: number): Promise<DeviceId[]> => {
    const ids: DeviceId[] = [];
    for (let n = 1; n <= count; n += 1) ids.push((await seedOnlineDevice(db, `${prefix}-${n}`)).id);
    return ids;
  };
  const roll = async (asked: Partial<RolloutCreate>, by = 'ann') => {
    versions += 1;
    const release = await seedRelease(db, `5.0.${versions}`, Buffer.from(`bundle ${versions}`));
    const whole = RolloutCreate.parse({ release: release.id, failureThreshold: 1000, ...asked });
    return { ...(await createRollout(db, whole, now, null, by)), release };
  };
  /** as two gateways do */
  const settle = async (id: RolloutId): Promise<Rollout> => {
    for (let more = true; more;) {
      const applied = await Promise.all([planRollout(db, id, now), planRollout(db, id, now)]);
      more = applied.some((one) => one.more || one.actions.length > 0);
    }
    return getRollout(db, id);
  };
  let seq = 0;
  const report = async (device: DeviceId, ...states: ExecutionState[]): Promise<void> => {
    for (const state of states) {
      const execution = await liveExecution(db, device);
      if (execution === undefined) throw new Error(`${device} is offered nothing`);
      seq += 1;
      const said = { v: 1, seq, execution: execution.id, release: execution.release, state } as const;
      await recordStatus(db, device, { ...said, bootId: 'b', slot: 'b' }, now);
    }
  };
  let connection = 1;
  const runs = async (device: DeviceId, release: Release, health: 'ok' | 'failed' = 'ok'): Promise<void> => {
    connection += 1;
    const slot = { state: 'GOOD', release: release.id, version: release.version } as const;
    const birth = birthOf(device, { connection, health, slots: { a: slot, b: { state: 'EMPTY' } } });
    await recordBirth(db, birth, false, now);
  };
  const commit = async (release: Release, ...devices: DeviceId[]): Promise<void> => {
    for (const device of devices) {
      await report(device, 'INSTALLING', 'REBOOTING');
      await runs(device, release);
      await report(device, 'COMMITTED');
    }
  };
  const offered = async (id: RolloutId): Promise<DeviceId[]> =>
    (await listExecutions(db, { rollout: id, ...page }))
      .filter(({ state }) => state === 'OFFERED')
      .map(({ device }) => device)
      .sort();
  const sizes = ({ waves }: Rollout): unknown[] =>
    waves.map(({ state, size, healthy }) => [state, size, healthy]);

  test('devices are offered the release also while the fleet is looked through again', async () => {
    await db.execute(`insert into devices (id, device_class, arch, online) select 'again-' || n, 'edge-again', 'amd64', true
      from generate_series(1, 300) as row(n)`);
    const rollout = await roll({ maxInFlight: 10 });
    await db.execute(`update rollouts set device_class = 'edge-again' where id = '${rollout.id}'`);
    await settle(rollout.id);
    await db.execute(`update rollouts set sweep_from = '', max_in_flight = 20 where id = '${rollout.id}'`);
    const { actions, more } = await planOnce(db, rollout.id, now);
    expect(actions.map(({ kind }) => kind)).toEqual(Array.from({ length: 10 }, () => 'offer'));
    expect(more).toBe(true);
    expect((await settle(rollout.id)).counts).toEqual({ OFFERED: 20 });
    await abortRollout(db, rollout.id, 'seen enough', now);
  });

  test('devices that are not connected are left out once the patience with them ends; those that come are offered it', async () => {
    const [here, gone, back] = await seed('patient', 3);
    for (const device of [gone!, back!]) await recordDeath(db, device, 1);
    const asked = { devices: [here!, gone!, back!], offlinePatienceSeconds: 60 };
    const rollout = await roll(asked);
    await settle(rollout.id);
    await commit(rollout.release, here!);
    expect(await settle(rollout.id)).toMatchObject({
      state: 'running',
      waves: [{ size: 3, offline: 2, skipped: 0 }],
    });
    const [{ nextAt } = {}] = await db
      .select({ nextAt: rollouts.nextAt })
      .from(rollouts)
      .where(eq(rollouts.id, rollout.id));
    expect(nextAt).toEqual(new Date(now.getTime() + 60_000));
    later(60_000);
    await recordBirth(db, birthOf(back!, { connection: 2 }), false, now);
    expect(await settle(rollout.id)).toMatchObject({ waves: [{ size: 2, open: 0, offline: 0, skipped: 1 }] });
    expect(await offered(rollout.id)).toEqual([back]);
    await commit(rollout.release, back!);
    expect(await settle(rollout.id)).toMatchObject({
      state: 'completed',
      waves: [{ healthy: 2, skipped: 1 }],
    });
  });

  test('where devices were is forgotten some time after the end: counts stay, nobody can take it back', async () => {
    const [first, second] = await seed('forgotten', 2);
    const rollout = await roll({ devices: [first!] });
    const running = await roll({ devices: [second!] });
    await settle(rollout.id);
    await settle(running.id);
    await commit(rollout.release, first!);
    const before = await settle(rollout.id);
    const remove = (days: number) =>
      removeOldRows(db, 'rollout-devices', DEFAULT_LIMITS, new Date(now.getTime() + days * 86_400_000));
    const known = (id: RolloutId) => db.$count(rolloutMembers, eq(rolloutMembers.rollout, id));
    await remove(89);
    expect(await known(rollout.id)).toBe(1);
    expect(await remove(91)).toBeGreaterThan(0);
    expect([await known(rollout.id), await known(running.id)]).toEqual([0, 1]);
    expect(await getRollout(db, rollout.id)).toEqual(before);
    expect(await codeThrownBy(rollBackRollout(db, rollout.id, 'late', now))).toBe('CONFLICT');
    await abortRollout(db, running.id, 'seen enough', now);
  });

  test('waves of a list, a query, a count and a share hold exactly those, one after the other; whoever joins finds its place', async () => {
    const devices = await seed('wave', 20);
    const [canary, tagged, late] = [devices[0]!, devices[1]!, devices[19]!];
    await changeDevice(db, tagged, { addTags: ['early'] }, 'me');
    const waves = [
      { name: 'canary', devices: [canary] },
      { query: 'tag = early' },
      { count: 3 },
      { percent: 50 },
      {},
    ];
    for (const device of devices)
      if (device !== late) await changeDevice(db, device, { addTags: ['wavy'] }, 'me');
    const { id, release } = await roll({ query: 'tag = wavy', waves, maxInFlight: 4 });
    expect(await settle(id)).toMatchObject({
      waiting: 18,
      waves: [{ state: 'running', counts: { OFFERED: 1 } }, {}, {}, {}, {}],
    });
    expect(await offered(id)).toEqual([canary]);
    await commit(release, canary);
    await settle(id);
    expect(await offered(id)).toEqual([tagged]);
    await commit(release, tagged);
    await settle(id);
    const third = await offered(id);
    expect(third).toHaveLength(3);
    await changeDevice(db, late, { addTags: ['wavy'] }, 'me');
    await settle(id);
    expect(await offered(id)).toEqual(third);
    const before = await getRollout(db, id);
    expect(before.waves[2]).toMatchObject({ state: 'running', size: 3 });
    for (let left = 30; left > 0 && (await getRollout(db, id)).state === 'running'; left -= 1) {
      const under = await offered(id);
      expect(under.length).toBeLessThanOrEqual(4);
      await commit(release, ...under);
      await settle(id);
    }
    const after = await getRollout(db, id);
    expect(after).toMatchObject({ state: 'completed', counts: { COMMITTED: 20 } });
    expect(sizes(after).slice(0, 3)).toEqual([
      ['passed', 1, 1],
      ['passed', 1, 1],
      ['passed', 3, 3],
    ]);
    // Ten of nineteen are half of them, with those of the waves before; the one that came later may be one more.
    const upToHalf = after.waves.slice(0, 4).reduce((sum, { size }) => sum + (size ?? 0), 0);
    expect(upToHalf - 10).toBeGreaterThanOrEqual(0);
    expect(upToHalf - 10).toBeLessThanOrEqual(6);
  });

  test('a failure is tried again later, then counts, and the device is left alone by all for a while', async () => {
    const devices = await seed('retry', 1);
    const asked = { devices, retries: { max: 1, backoffSeconds: 60 }, penaltySeconds: 3600 };
    const { id } = await roll({ ...asked, failureThreshold: 1 });
    await settle(id);
    await report(devices[0]!, 'FAILED');
    expect(await settle(id)).toMatchObject({ state: 'running', counts: {} });
    expect(await rolloutsDue(db, now)).not.toContain(id);
    expect(await rolloutsDue(db, later(60_000))).toContain(id);
    await settle(id);
    await report(devices[0]!, 'INSTALLING', 'REBOOTING', 'ROLLED_BACK');
    expect(await settle(id)).toMatchObject({
      state: 'stopped',
      counts: { ROLLED_BACK: 1 },
      reason: '1 failed, the rollout stops at 1 (ROLLED_BACK: retry-1)',
    });
    // Of both offers the last one counts.
    const { waves: lines } = await rolloutProgress(db, id, now);
    expect([lines[0]?.offered.at(-1), lines[0]?.failed.at(-1)]).toEqual([1, 1]);
    expect(await listFailures(db, id)).toMatchObject([
      { code: 'ROLLED_BACK', devices: 1, examples: [{ device: 'retry-1', log: null }] },
    ]);
    expect(await rolloutSummary(db, id, now)).toMatchObject({
      devices: 1,
      committed: 0,
      failed: 1,
      failures: [{ code: 'ROLLED_BACK', devices: 1 }],
    });
    const next = await roll({ devices });
    await settle(next.id);
    expect(await offered(next.id)).toEqual([]);
    later(3_600_000);
    await settle(next.id);
    expect(await offered(next.id)).toEqual(devices);
    await abortRollout(db, next.id, 'enough', now);
    await settle(next.id);
  });

  test('health that fails during the soak is a failure, and the devices that had committed go back', async () => {
    const devices = await seed('soak', 3);
    const [bad, good, gone] = [devices[0]!, devices[1]!, devices[2]!];
    const old = await seedRelease(db, '4.0.0', Buffer.from('old'));
    const asked = { devices, soakSeconds: 600, onFailure: 'rollback' as const, failureThreshold: 1 };
    const { id, release } = await roll(asked);
    await settle(id);
    await commit(release, ...devices);
    expect(await settle(id)).toMatchObject({ state: 'running', waves: [{ state: 'soaking', healthy: 0 }] });
    await recordDeath(db, gone, connection);
    // It is well again before anybody looks.
    await runs(bad, release, 'failed');
    await runs(bad, release, 'ok');
    const applied = await planRollout(db, id, now);
    expect(applied.commands).toHaveLength(2);
    expect(await getRollout(db, id)).toMatchObject({
      state: 'rolling_back',
      reason: '1 failed, the rollout goes back at 1 (SOAK_UNHEALTHY: soak-1)',
    });
    for (const device of [bad, good])
      expect(await listCommands(db, device, page, now)).toMatchObject([{ request: { name: 'rollback' } }]);
    for (const device of [bad, good]) await runs(device, old);
    expect((await settle(id)).state).toBe('rolling_back');
    await runs(gone, release);
    await planRollout(db, id, now);
    expect(await listCommands(db, gone, page, now)).toHaveLength(1);
    await runs(gone, old);
    expect(await settle(id)).toMatchObject({ state: 'rolled_back', counts: { COMMITTED: 3 } });
  });

  test('a rollout of higher priority takes devices over that have not armed, and the other has them afterwards', async () => {
    const devices = await seed('prio', 2);
    const [free, armed] = [devices[0]!, devices[1]!];
    const low = await roll({ devices });
    await settle(low.id);
    await report(armed, 'INSTALLING', 'REBOOTING');
    expect(await codeThrownBy(roll({ devices }))).toBe('CONFLICT');
    const high = await roll({ devices, priority: 80 });
    const applied = await planRollout(db, high.id, now);
    expect(applied.rollouts).toEqual([low.id]);
    expect(await offered(high.id)).toEqual([free]);
    const told = await settle(low.id);
    expect(told).toMatchObject({ counts: { REBOOTING: 1 }, waitsFor: [{ rollout: high.id, devices: 1 }] });
    await commit(high.release, free);
    expect(await rolloutsDue(db, now)).toEqual(expect.arrayContaining([low.id, high.id]));
    await settle(low.id);
    expect(await offered(low.id)).toEqual([free]);
    for (const { id } of [low, high]) {
      await abortRollout(db, id, 'enough', now);
      await settle(id);
    }
  });

  test('start, waves, pauses and limits are in the hands of people, of two where that is wanted', async () => {
    const devices = await seed('steer', 3);
    const startAt = new Date(now.getTime() + 60_000).toISOString();
    const waves = [{ count: 1 }, { approval: true }];
    const { id, release } = await roll({ devices, approval: true, startAt, waves, maxPerMinute: 1 });
    expect(await settle(id)).toMatchObject({
      state: 'pending',
      approvals: [{ what: 'start', by: null }, { what: 1 }],
    });
    expect(await codeThrownBy(approveRollout(db, id, 'ann', null, now))).toBe('SECOND_PERSON_NEEDED');
    expect(await approveRollout(db, id, 'bob', 'looks good', now)).toMatchObject({
      state: 'scheduled',
      approvals: [{ what: 'start', by: 'bob', comment: 'looks good' }, { by: null }],
    });
    await settle(id);
    expect(await rolloutsDue(db, now)).not.toContain(id);
    expect(await rolloutsDue(db, later(60_000))).toContain(id);
    await settle(id);
    const [first] = await offered(id);
    await commit(release, first!);
    later(60_000);
    expect((await settle(id)).waves[1]).toMatchObject({ state: 'pending' });
    expect(await offered(id)).toEqual([]);
    await approveRollout(db, id, 'bob', null, now);
    await pauseRollout(db, id, 'lunch');
    await settle(id);
    expect(await offered(id)).toEqual([]);
    await resumeRollout(db, id, now);
    await settle(id);
    expect(await offered(id)).toHaveLength(1);
    expect(await rolloutsDue(db, later(59_000))).not.toContain(id);
    const endAt = later(1000).toISOString();
    expect(await codeThrownBy(setRolloutLimits(db, id, { endAt }, now))).toBe('REQUEST_INVALID');
    const then = new Date(now.getTime() + 3_600_000).toISOString();
    expect(
      await setRolloutLimits(db, id, { maxPerMinute: null, endAt: then, onFailure: 'pause' }, now),
    ).toMatchObject({ maxPerMinute: null, endAt: then, onFailure: 'pause' });
    expect(await setRolloutLimits(db, id, { endAt: null }, now)).toMatchObject({ endAt: null });
    await settle(id);
    const rest = await offered(id);
    expect(rest).toHaveLength(2);
    await commit(release, ...rest);
    expect(await settle(id)).toMatchObject({ state: 'completed' });
    const { at, waves: lines } = await rolloutProgress(db, id, now);
    expect(at.length).toBeLessThanOrEqual(PROGRESS_POINTS + 1);
    expect(
      lines.map(({ offered: so, committed, failed }) => [so[0], so.at(-1), committed.at(-1), failed.at(-1)]),
    ).toEqual([
      [1, 1, 1, 0],
      [0, 2, 2, 0],
    ]);
    const { createdAt } = (await listExecutions(db, { rollout: id, ...page })).at(-1)!;
    expect([at[0], at.at(-1)! >= now.toISOString()]).toEqual([createdAt, true]);
    expect(await rolloutSummary(db, id, later(60_000))).toMatchObject({
      state: 'completed',
      devices: 3,
      committed: 3,
      failed: 0,
      startedAt: createdAt,
      seconds: Math.round((now.getTime() - 60_000 - new Date(createdAt).getTime()) / 1000),
      failures: [],
    });
    await rollBackRollout(db, id, 'changed our minds', now);
    expect(await settle(id)).toMatchObject({ state: 'rolling_back', reason: 'changed our minds' });
    await abortRollout(db, id, 'enough', now);
  });

  test('waves that make no sense are refused', async () => {
    const waves = (...all: NonNullable<RolloutCreate['waves']>) => codeThrownBy(roll({ waves: all }));
    expect(await waves({}, { count: 1 })).toBe('REQUEST_INVALID');
    expect(await waves({ percent: 50 }, { percent: 25 })).toBe('REQUEST_INVALID');
    expect(await waves({ query: 'tag =' })).toBe('QUERY_INVALID');
    const endAt = new Date(now.getTime() - 1000).toISOString();
    expect(await codeThrownBy(roll({ endAt }))).toBe('REQUEST_INVALID');
  });
});
