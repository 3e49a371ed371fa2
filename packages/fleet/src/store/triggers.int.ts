import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  ChannelName,
  ClassName,
  codeOf,
  DEFAULT_LIMITS,
  Digest,
  TriggerCreate,
  type Trigger,
  type TriggerId,
} from '@slipway/protocol';
import { openDatabase, type Database, type OpenDatabase } from '../database.ts';
import { startTestPostgres } from '../testing/postgres.ts';
import { makeTriggerDue, seedDraft, TEST_CLASS } from '../testing/seed.ts';
import { openTestDatabase } from '../testing/test-database.ts';
import { askForBuild, moveBuild } from './builds.ts';
import { publishToChannel } from './channels.ts';
import { listDeliveries, recordDelivery } from './deliveries.ts';
import { changeRelease } from './releases.ts';
import { removeOldRows } from './retained-rows.ts';
import { endRun, joinRun, leaseRun, openRuns, takeRun, type RunEnd } from './trigger-runs.ts';
import { attachBuild, NotNow, waitingTriggered } from './triggered-builds.ts';
import { createTrigger, memoryOf, takeDueTriggers } from './triggers.ts';

const postgres = await startTestPostgres();
afterAll(() => postgres?.stop());
const engines: [string, () => Promise<OpenDatabase>][] = [['PGlite', openTestDatabase]];
if (postgres !== undefined) engines.push(['PostgreSQL', () => openDatabase({ url: postgres.url })]);

const now = new Date('2026-11-20T10:00:00Z');
const later = (seconds: number): Date => new Date(now.getTime() + seconds * 1000);
const page = { limit: 100, offset: 0 };
const other = ClassName.parse('edge-other');

describe.each(engines)('on %s', (_name, open) => {
  let database: OpenDatabase;
  let db: Database;
  beforeAll(async () => {
    database = await open();
    ({ db } = database);
  });
  afterAll(() => database.close());

  let serial = 0;
  const by = { actor: 'ann', seal: (text: string) => `sealed ${text}`, nextAt: () => null };
  const create = (over: object = {}): Promise<Trigger> =>
    createTrigger(
      db,
      TriggerCreate.parse({ name: `t-${++serial}`, on: { kind: 'cron', schedule: '* * * * *' }, ...over }),
      by,
      now,
    );
  const cause = { kind: 'schedule' as const, id: null, cause: {} };
  const accepted = (trigger: TriggerId, eventId: string | null, bodySha256: string | null, key = 'k') =>
    recordDelivery(
      db,
      {
        trigger,
        event: 'push',
        eventId,
        bodySha256,
        verdict: 'accepted',
        reason: 'r',
        run: { asked: { trigger, key, cause }, windowMs: 5000 },
      },
      now,
    );
  const plan = {
    cause,
    source: Digest.parse(`sha256:${'1'.repeat(64)}`),
    inputs: {},
    priority: 'low',
    publish: false,
    maxBuilds: 1,
  } as const;
  const buildOf = (deviceClass: ClassName): RunEnd['builds'][number] => ({
    deviceClass,
    channel: null,
    plan,
  });

  test('a delivery counts once, by its id and by its body, however many come at once', async () => {
    const { id } = await create();
    const all = await Promise.all(Array.from({ length: 6 }, () => accepted(id, 'e-1', 'b-1')));
    expect(all.filter(({ replayed }) => !replayed)).toHaveLength(1);
    expect(await accepted(id, 'e-2', 'b-1')).toMatchObject({ replayed: true });
    expect(await accepted(id, 'e-1', 'b-2')).toMatchObject({ replayed: true });
    expect(await accepted(id, 'e-3', 'b-3')).toMatchObject({ replayed: false });
    const kept = await listDeliveries(db, { ...page, trigger: id });
    expect(kept.map(({ replays }) => replays).sort((a, b) => a - b)).toEqual([0, 7]);
    // Another trigger may be sent the same.
    expect(await accepted((await create()).id, 'e-1', 'b-1')).toMatchObject({ replayed: false });
  });

  test('what was refused is no memory, and only so much of it is kept', async () => {
    const { id } = await create();
    const refused = { trigger: id, event: 'x', eventId: 'e-1', verdict: 'refused', reason: 'r' } as const;
    for (let n = 0; n < 60; n++) await recordDelivery(db, refused, now);
    expect(await listDeliveries(db, { ...page, trigger: id })).toHaveLength(50);
    expect(await accepted(id, 'e-1', null)).toMatchObject({ replayed: false });
    const few = { ...DEFAULT_LIMITS, keepTriggerDeliveries: 5 };
    expect(await removeOldRows(db, 'trigger-deliveries', few, now)).toBeGreaterThanOrEqual(46);
    expect(await listDeliveries(db, { ...page, trigger: id })).toHaveLength(5);
    const short = { ...DEFAULT_LIMITS, triggerDeliveriesDays: 1 };
    await removeOldRows(db, 'trigger-deliveries', short, later(2 * 86_400));
    expect(await listDeliveries(db, { ...page, trigger: id })).toHaveLength(0);
  });

  /** Nothing that other tests left is due. */
  const drain = async (): Promise<void> => {
    for (
      let run = await takeRun(db, 1000, later(1e6));
      run !== undefined;
      run = await takeRun(db, 1e9, later(1e6))
    )
      await endRun(db, run, 0, { state: 'ignored', builds: [] }, now);
  };

  test('what is equal joins the window that is open, and a run is taken by one', async () => {
    await drain();
    const { id } = await create();
    const asked = { trigger: id, key: 'push:main', cause };
    const first = await joinRun(db, asked, 5000, now);
    expect(await joinRun(db, { ...asked, cause: { ...cause, id: 'newer' } }, 5000, later(4))).toBe(first);
    expect(await joinRun(db, { ...asked, key: 'push:next' }, 60_000, now)).not.toBe(first);
    expect(await takeRun(db, 1000, later(4))).toBeUndefined();
    const taken = await Promise.all([takeRun(db, 20_000, later(5)), takeRun(db, 20_000, later(5))]);
    expect(taken.map((run) => run?.id).filter((run) => run !== undefined)).toEqual([first]);
    const run = taken.find((one) => one !== undefined);
    if (run === undefined) throw new Error('nobody took it');
    expect(run.cause.id).toBe('newer');
    // While it runs, the same opens a new window.
    expect(await joinRun(db, asked, 5000, later(6))).not.toBe(first);
    // Its taker dies: another has it, and the first has no say any more.
    await leaseRun(db, run, later(10));
    expect(await takeRun(db, 1000, later(8))).toBeUndefined();
    const second = await takeRun(db, 20_000, later(10.5));
    expect(second).toMatchObject({ id: first, attempts: 2 });
    const end: RunEnd = {
      state: 'done',
      builds: [buildOf(TEST_CLASS)],
      memory: { commits: { main: 'c-1' } },
    };
    expect(await endRun(db, run, 1, end, now)).toBe(false);
    expect(await waitingTriggered(db)).toEqual([]);
    if (second === undefined) throw new Error('nobody took it again');
    expect(await endRun(db, second, 1, end, now)).toBe(true);
    expect(await memoryOf(db, id)).toMatchObject({ commits: { main: 'c-1' } });
    expect(await waitingTriggered(db)).toMatchObject([{ run: first, rank: 1 }]);
    // A newer one of the same key takes the place of what still waits.
    const [next] = [await takeRun(db, 20_000, later(12))];
    if (next === undefined) throw new Error('no run');
    await endRun(db, next, 1, { ...end, memory: { commits: { next: 'c-2' } } }, now);
    expect(await waitingTriggered(db)).toMatchObject([{ run: next.id }]);
    expect(await memoryOf(db, id)).toMatchObject({ commits: { main: 'c-1', next: 'c-2' } });
    await drain();
    expect(await openRuns(db)).toBe(0);
  });

  test('a build is tied to what asked for it in one step, and made once', async () => {
    const [row] = await waitingTriggered(db);
    if (row === undefined) throw new Error('nothing waits');
    const ask = (inputs: string) =>
      askForBuild(
        db,
        {
          deviceClass: TEST_CLASS,
          inputDigest: Digest.parse(`sha256:${inputs.repeat(64)}`),
          within: (tx, asked) => attachBuild(tx, row, asked, now),
        },
        now,
        { windowMs: 1000 },
      ).then(
        ({ build }) => build.id,
        (error: unknown) => (error instanceof NotNow ? error.why : Promise.reject(error)),
      );
    const busy = await askForBuild(db, { deviceClass: TEST_CLASS }, now);
    expect(await ask('a')).toBe('turn');
    await moveBuild(db, busy.build.id, ['queued'], { state: 'failed' });
    const outcomes = await Promise.all([ask('a'), ask('b'), ask('c')]);
    expect(outcomes.filter((one) => one.startsWith('bld_'))).toHaveLength(1);
    expect(await ask('a')).toMatch(/taken|turn/);
  });

  test('one that goes by time is due once, whoever looks', async () => {
    const trigger = await create({ enabled: true });
    await makeTriggerDue(db, trigger.id, later(-86_400));
    const fired: string[] = [];
    const look = () =>
      takeDueTriggers(
        db,
        () => later(60),
        async (_tx, { id }) => void fired.push(id),
        now,
      );
    await Promise.all([look(), look(), look()]);
    expect(fired).toEqual([trigger.id]);
    await look();
    expect(fired).toHaveLength(1);
  });

  test('a release sets off what waits for it, with the publication, once', async () => {
    const stable = ChannelName.parse('stable');
    const any = await create({ on: { kind: 'release', deviceClass: TEST_CLASS }, classes: [other] });
    const ofStable = await create({
      on: { kind: 'release', deviceClass: TEST_CLASS, channel: stable },
      classes: [other],
    });
    const disabled = await create({
      on: { kind: 'release', deviceClass: TEST_CLASS },
      classes: [other],
      enabled: false,
    });
    const release = await seedDraft(db, '1.0.0', Buffer.from('b'));
    await publishToChannel(db, { release: release.id, channel: stable, actor: 'ann' }, now);
    await publishToChannel(db, { release: release.id, channel: stable, actor: 'ann' }, now);
    await changeRelease(db, release.id, undefined, 'deprecated');
    await changeRelease(db, release.id, undefined, 'published');
    for (const [trigger, count] of [
      [any, 1],
      [ofStable, 1],
      [disabled, 0],
    ] as const)
      expect(await listDeliveries(db, { ...page, trigger: trigger.id })).toHaveLength(count);
    const circle = { on: { kind: 'release', deviceClass: other }, classes: ['edge-third'] };
    await create(circle);
    const closing = create({ on: { kind: 'release', deviceClass: 'edge-third' }, classes: [TEST_CLASS] });
    expect(await closing.catch(codeOf)).toBe('CONFLICT');
  });
});
