import { and, eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { codeOf, DEFAULT_LIMITS, TenantId, WebhookCreate, type WebhookEvent } from '@slipway/protocol';
import { z } from 'zod';
import { openDatabase, type Database, type OpenDatabase } from '../database.ts';
import { devices, webhookDeliveries, webhooks } from '../schema.ts';
import { startTestPostgres } from '../testing/postgres.ts';
import { seedDraft, seedOnlineDevice, seedRelease } from '../testing/seed.ts';
import { openTestDatabase } from '../testing/test-database.ts';
import { planRollout } from './apply-plan.ts';
import { listAudit } from './audit.ts';
import { recordDeath } from './record-presence.ts';
import { revokeDevice } from './device-lifecycle.ts';
import { stopOffers } from './emergency-stop.ts';
import { moveQualification, qualifyAgain } from './qualifications.ts';
import { changeRelease } from './releases.ts';
import { removeOldRows } from './retained-rows.ts';
import { createRollout } from './rollouts.ts';
import { abortRollout, approveRollout } from './steer-rollout.ts';
import { tellAlarms } from './tell-alarms.ts';
import {
  DEAD_AFTER_MS,
  getWebhookDelivery,
  listWebhookDeliveries,
  MAX_TRIES,
  pingWebhook,
  recordAttempt,
  redeliverWebhook,
  takeDueDeliveries,
  type AttemptOutcome,
} from './webhook-deliveries.ts';
import { changeWebhook, createWebhook, getWebhook, rotateWebhook, sealWebhooks } from './webhooks.ts';

const postgres = await startTestPostgres();
afterAll(() => postgres?.stop());
const engines: [string, () => Promise<OpenDatabase>][] = [['PGlite', openTestDatabase]];
if (postgres !== undefined) engines.push(['PostgreSQL', () => openDatabase({ url: postgres.url })]);

const page = { limit: 100, offset: 0 };
const Body = z.object({
  type: z.string(),
  timestamp: z.iso.datetime(),
  data: z.record(z.string(), z.unknown()),
});
const taken: AttemptOutcome = { ms: 3, status: 204, failure: null, detail: '' };
const broken: AttemptOutcome = { ms: 3, status: 500, failure: 'status', detail: 'down' };
const later = (now: Date, ms: number): Date => new Date(now.getTime() + ms);

/** Stands for a cipher. */
const seal = (secret: string): string => `1:${secret.replace('whsec_', '')}`;
const by = { actor: 'ann', seal };

describe.each(engines)('on %s', (_name, open) => {
  let database: OpenDatabase;
  let db: Database;
  beforeAll(async () => {
    database = await open();
    db = database.db;
  });
  afterAll(() => database.close());
  beforeEach(async () => {
    await db.delete(webhookDeliveries);
    await db.delete(webhooks);
  });

  const create = (events: readonly WebhookEvent[] = []) =>
    createWebhook(db, WebhookCreate.parse({ url: 'https://example.org/hook', events }), by, new Date());
  const told = async (): Promise<z.infer<typeof Body>[]> =>
    (
      await db
        .select({ body: webhookDeliveries.body })
        .from(webhookDeliveries)
        .orderBy(webhookDeliveries.createdAt)
    ).map(({ body }) => Body.parse(JSON.parse(body)));

  test('what happens to the fleet is told, in the transaction in which it happens', async () => {
    await create();
    const draft = await seedDraft(db, '1.0.0', Buffer.from('one'));
    const release = await changeRelease(db, draft.id, ['draft'], 'published');
    const device = await seedOnlineDevice(db, 'gate-1');
    const rollout = await createRollout(
      db,
      { release: release.id, failureThreshold: 1, maxInFlight: 5 },
      new Date(),
    );
    await planRollout(db, rollout.id, new Date());
    await abortRollout(db, rollout.id, 'enough', new Date());
    await recordDeath(db, device.id, 1);
    await revokeDevice(db, device.id, 'ann', new Date());
    await stopOffers(db, TenantId.parse('default'), { reason: 'smoke', actor: 'ann' }, new Date());
    expect((await told()).map(({ type, data }) => [type, data['state'] ?? data['reason']])).toEqual([
      ['build.finished', 'succeeded'],
      ['release.published', 'published'],
      ['device.enrolled', 'active'],
      ['device.online', 'active'],
      ['rollout.state', 'running'],
      ['rollout.state', 'aborted'],
      ['device.offline', 'active'],
      ['device.revoked', 'revoked'],
      ['fleet.stopped', 'smoke'],
    ]);
  });

  test('the end of a qualification is told, unless it is skipped', async () => {
    await create(['qualification.passed', 'qualification.failed']);
    const draft = await seedDraft(db, '1.0.7', Buffer.from('qualified'));
    const asked = async () => {
      const again = await qualifyAgain(db, draft.id, undefined, new Date());
      if (again === undefined) throw new Error('it is under way');
      return again;
    };
    const first = await asked();
    await moveQualification(db, first, { state: 'running' });
    await moveQualification(db, first, { state: 'passed' });
    await moveQualification(db, await asked(), { state: 'failed', code: 'TRIAL_PANIC', message: 'oops' });
    await moveQualification(db, await asked(), { state: 'skipped' });
    expect((await told()).map(({ type, data }) => [type, data])).toEqual([
      ['qualification.passed', expect.objectContaining({ release: draft.id, state: 'passed', code: null })],
      [
        'qualification.failed',
        {
          release: draft.id,
          build: draft.build,
          deviceClass: draft.deviceClass,
          version: '1.0.7',
          from: null,
          state: 'failed',
          code: 'TRIAL_PANIC',
          message: 'oops',
        },
      ],
    ]);
  });

  test('waves are told where there are several: also that one waits for an approval', async () => {
    await create(['rollout.wave']);
    await db.execute(sql`delete from emergency_stops`);
    const release = await seedRelease(db, '1.0.5', Buffer.from('waves'));
    const device = await seedOnlineDevice(db, 'gate-0');
    const asked = { release: release.id, failureThreshold: 1, maxInFlight: 5, devices: [device.id] };
    const waves = [{ name: 'canary', query: 'id = gate-0', approval: true }, {}];
    const rollout = await createRollout(db, { ...asked, waves }, new Date(), null, 'ann');
    await planRollout(db, rollout.id, new Date());
    await approveRollout(db, rollout.id, 'bob', null, new Date());
    await planRollout(db, rollout.id, new Date());
    await abortRollout(db, rollout.id, 'enough', new Date());
    const alone = await createRollout(db, asked, new Date());
    await abortRollout(db, alone.id, 'enough', new Date());
    const states = (await told()).map(({ data }) => [data['rollout'], data['wave'], data['state']]);
    expect(states).toEqual([
      [rollout.id, 0, 'pending'],
      [rollout.id, 0, 'running'],
      [rollout.id, 0, 'failed'],
    ]);
  });

  test('an execution that fails is told, and what is rolled back is not', async () => {
    await create(['execution.failed', 'device.enrolled']);
    const release = await seedRelease(db, '1.1.0', Buffer.from('two'));
    await db.execute(sql`delete from emergency_stops`);
    const device = await seedOnlineDevice(db, 'gate-2');
    const rollout = await createRollout(
      db,
      { release: release.id, failureThreshold: 1, maxInFlight: 5 },
      new Date(),
    );
    await planRollout(db, rollout.id, new Date());
    await planRollout(db, rollout.id, later(new Date(), 30 * 86_400_000));
    const undo = db.transaction(async (tx) => {
      await tx.update(devices).set({ state: 'pending' }).where(eq(devices.id, device.id));
      await tx.update(devices).set({ state: 'active' }).where(eq(devices.id, device.id));
      throw new Error('undone');
    });
    await expect(undo).rejects.toThrow('undone');
    expect(
      (await told()).map(({ type, data }) => [type, data['device'] ?? data['id'], data['state']]),
    ).toEqual([
      ['device.enrolled', 'gate-2', 'active'],
      ['execution.failed', 'gate-2', 'TIMED_OUT'],
    ]);
  });

  test('alarms are told once each time that they are raised', async () => {
    const device = await seedOnlineDevice(db, 'gate-3');
    await create(['device.alarm']);
    const failing = (health: 'failed' | 'ok') =>
      db.update(devices).set({ health }).where(eq(devices.id, device.id));
    for (const health of ['failed', 'failed', 'ok', 'failed'] as const) {
      await failing(health);
      await tellAlarms(db, new Date());
    }
    const alarms = (await told()).filter(({ data }) => data['device'] === 'gate-3');
    // The certificates of the tests end in a day.
    const names = alarms.map(({ data }) => data['alarm']).filter((name) => name !== 'certificate_expiring');
    expect(names).toEqual(['unhealthy', 'unhealthy']);
    await failing('ok');
  });

  test('one is tried by one server at a time, and again when that server is killed', async () => {
    const { id } = await create();
    const now = new Date();
    const delivery = await pingWebhook(db, id, now);
    const both = await Promise.all([takeDueDeliveries(db, 10, now), takeDueDeliveries(db, 10, now)]);
    expect(both.flat().map((due) => due.id)).toEqual([delivery]);
    expect(await takeDueDeliveries(db, 10, later(now, 60_000))).toEqual([]);
    const [again] = await takeDueDeliveries(db, 10, later(now, 180_000));
    expect(again).toMatchObject({ id: delivery, attempt: 2 });
    const { tries } = await getWebhookDelivery(db, id, delivery);
    expect(tries.map(({ failure }) => failure)).toEqual(['interrupted', null]);
  });

  test('tries are eight within a day or so, further and further apart, then it has failed', async () => {
    const { id } = await create(['device.offline']);
    const device = await seedOnlineDevice(db, 'gate-4');
    await recordDeath(db, device.id, 1);
    const start = new Date();
    let now = later(start, 1000);
    const waits: number[] = [];
    for (;;) {
      const [due] = await takeDueDeliveries(db, 1, now);
      if (due === undefined) throw new Error('nothing is due');
      await recordAttempt(db, due, broken, now, 0.5);
      const [after] = await listWebhookDeliveries(db, id, page);
      if (after?.nextAttemptAt === null || after === undefined) break;
      const next = new Date(after.nextAttemptAt);
      waits.push(next.getTime() - now.getTime());
      now = next;
    }
    expect(waits).toHaveLength(MAX_TRIES - 1);
    expect(waits).toEqual([...waits].sort((a, b) => a - b));
    expect(now.getTime() - start.getTime()).toBeLessThan(26 * 3_600_000);
    const [failed] = await listWebhookDeliveries(db, id, { ...page, state: 'failed' });
    expect(failed).toMatchObject({ attempts: MAX_TRIES, state: 'failed' });

    if (failed === undefined) throw new Error('nothing has failed');
    const redelivered = await redeliverWebhook(db, id, failed.id, 'ann', now);
    const [due] = await takeDueDeliveries(db, 1, now);
    expect(due).toMatchObject({ id: redelivered.id, attempt: MAX_TRIES + 1 });
    if (due !== undefined) await recordAttempt(db, due, taken, now, 0);
    const details = await getWebhookDelivery(db, id, redelivered.id);
    expect(details.state).toBe('delivered');
    expect(details.tries).toHaveLength(MAX_TRIES + 1);
    expect(await getWebhook(db, id)).toMatchObject({ failingSince: null, enabled: true });

    const remove = (days: number) =>
      removeOldRows(db, 'webhook-deliveries', DEFAULT_LIMITS, later(now, days * 86_400_000));
    expect(await remove(29)).toBe(0);
    await remove(31);
    expect(await listWebhookDeliveries(db, id, page)).toEqual([]);
  });

  test.each([
    ['410 at once', { ms: 1, status: 410, failure: 'status', detail: '' } as const, 0],
    ['failing for days', broken, DEAD_AFTER_MS],
  ])(
    'a webhook is switched off by %s, which is audited; switched on anew it goes on',
    async (_why, outcome, ms) => {
      const { id } = await create();
      const start = new Date();
      await pingWebhook(db, id, start);
      const [first] = await takeDueDeliveries(db, 1, start);
      if (first === undefined) throw new Error('nothing is due');
      const now = later(start, ms);
      let due = first;
      if (ms > 0) {
        await recordAttempt(db, first, outcome, start, 0);
        await pingWebhook(db, id, start);
        [due = first] = await takeDueDeliveries(db, 1, now);
      }
      expect(await getWebhook(db, id)).toMatchObject({ enabled: true });
      expect(await recordAttempt(db, due, outcome, now, 0)).toEqual({ disabled: true });
      expect(await getWebhook(db, id)).toMatchObject({ enabled: false });
      const [entry] = await listAudit(db, { limit: 1, offset: 0 });
      expect(entry).toMatchObject({ action: 'webhook.disable', subject: id, actor: 'server' });

      const count = () => db.$count(webhookDeliveries, and(eq(webhookDeliveries.webhook, id)));
      const before = await count();
      await seedDraft(db, `2.${ms}.0`, Buffer.from(`bundle ${ms}`));
      expect(await count()).toBe(before);
      expect(await changeWebhook(db, id, { enabled: true }, 'ann', now)).toMatchObject({
        enabled: true,
        disabledReason: null,
        failingSince: null,
      });
    },
  );

  test('while a rotation overlaps there are two secrets', async () => {
    const { id, secret } = await create();
    const now = new Date();
    const after = await rotateWebhook(db, id, 1000, by, now);
    expect(after.secret).not.toBe(secret);
    await pingWebhook(db, id, now);
    const [both] = await takeDueDeliveries(db, 1, now);
    expect(both?.secrets).toEqual([after.secret, secret].map(seal));
    await pingWebhook(db, id, now);
    const [one] = await takeDueDeliveries(db, 1, later(now, 1001));
    expect(one?.secrets).toEqual([seal(after.secret)]);
  });

  test('secrets that an older version kept as they are are sealed, once', async () => {
    const hooks = [await create(), await create()];
    const [one, other] = hooks.map(({ secret }) => secret);
    const secret = sql`'whsec_' || substr(secret, 3)`;
    await db.update(webhooks).set({ secret });
    await db
      .update(webhooks)
      .set({ previousSecret: seal('whsec_old') })
      .where(eq(webhooks.secret, one ?? ''));
    for (let round = 0; round < 2; round++) {
      await sealWebhooks(db, seal);
      const kept = await db.select().from(webhooks);
      expect(new Set(kept.map((row) => row.secret))).toEqual(
        new Set([one, other].map((text) => seal(text ?? ''))),
      );
      expect(kept.filter((row) => row.previousSecret === seal('whsec_old'))).toHaveLength(1);
    }
  });

  test('of another webhook nothing is shown', async () => {
    const [one, other] = [await create(), await create()];
    const delivery = await pingWebhook(db, one.id, new Date());
    const code = await getWebhookDelivery(db, other.id, delivery).then(() => 'shown', codeOf);
    expect(code).toBe('NOT_FOUND');
  });
});
