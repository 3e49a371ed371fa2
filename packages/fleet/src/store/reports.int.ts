import { DeviceId, ExecutionId, type ExecutionState } from '@slipway/protocol';
import { inArray } from 'drizzle-orm';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Database, OpenDatabase } from '../database.ts';
import { deviceReports, devices, executionHistory, executions } from '../schema.ts';
import { testEngines } from '../testing/engines.ts';
import { rolloutRounds } from '../testing/rollout-rounds.ts';
import { birthOf, TEST_CLASS } from '../testing/seed.ts';
import { planRollout } from './apply-plan.ts';
import { listAudit } from './audit.ts';
import { getExecution } from './executions.ts';
import { recordBirth, recordDeath } from './record-presence.ts';
import { recordProgress } from './record-progress.ts';
import { recordStatuses, type StatusOutcome, type StatusReport } from './record-status.ts';
import { abortRollout } from './steer-rollout.ts';

describe.each(await testEngines())('on %s', (engine, open) => {
  let database: OpenDatabase;
  let db: Database;
  beforeAll(async () => {
    database = await open();
    db = database.db;
  });
  afterAll(() => database.close());

  describe('reports of rollouts', () => {
    const { start, executionOn, report } = rolloutRounds(() => db);

    test('the log of a failed boot stays with the execution', async () => {
      const { devices } = await start(1);
      const [device] = devices;
      if (device === undefined) throw new Error('no device');
      for (const state of ['INSTALLING', 'REBOOTING', 'TRIAL'] as const) await report(device, state);
      await report(device, 'ROLLED_BACK', { code: 'TRIAL_PANIC', log: 'Kernel panic - not syncing' });
      expect(await executionOn(device)).toMatchObject({
        code: 'TRIAL_PANIC',
        log: 'Kernel panic - not syncing',
      });
    });

    test('an outcome counts that came before the reports it follows on', async () => {
      const [device] = (await start(1)).devices;
      if (device === undefined) throw new Error('no device');
      await report(device, 'INSTALLING', { seq: 4 });
      expect(await report(device, 'COMMITTED', { seq: 7 })).toMatchObject({ kind: 'counted', over: true });
      expect(await report(device, 'REBOOTING', { seq: 5 })).toMatchObject({ kind: 'refused' });
      expect((await executionOn(device)).state).toBe('COMMITTED');
    });

    test('a report counts once, forward, and for its own device', async () => {
      const { devices } = await start(2);
      const [device, other] = devices;
      if (device === undefined || other === undefined) throw new Error('no device');
      await report(device, 'DOWNLOADING', { seq: 11 });
      expect(await report(device, 'FAILED', { seq: 11 })).toEqual({ kind: 'duplicate' });
      expect(await report(device, 'ACCEPTED', { seq: 9 })).toMatchObject({
        kind: 'refused',
        why: 'report 11 is newer',
      });
      const theirs = (await executionOn(other)).id;
      expect(await report(device, 'FAILED', { seq: 13, execution: theirs })).toMatchObject({
        kind: 'refused',
      });
      expect(await report(device, 'COMMITTED', { seq: 12 })).toMatchObject({ kind: 'refused' });
      const unknown = ExecutionId.parse('exe_0000000000000000');
      expect(await report(device, 'FAILED', { seq: 14, execution: unknown })).toMatchObject({
        kind: 'refused',
      });
      expect((await executionOn(device)).state).toBe('DOWNLOADING');
      expect((await executionOn(other)).state).toBe('OFFERED');
    });

    test('reports that are recorded together leave what they leave one by one, however they are split', async () => {
      const { rollout, release } = await start(1);
      const tag = engine.toLowerCase();
      let world = 0;
      /** Two devices: the first with an execution and one that an emergency stop ended, the second with one. */
      const build = async (states: readonly [ExecutionState, ExecutionState]) => {
        world += 1;
        const mark = String(world).padStart(15, '0');
        const id = (letter: string): ExecutionId => ExecutionId.parse(`exe_${letter}${mark}`);
        const names = ['x', 'y'].map((letter) => DeviceId.parse(`batch-${tag}-${world}-${letter}`));
        const [x, y] = names;
        if (x === undefined || y === undefined) throw new Error('two names');
        const ids = [id('a'), id('b'), id('c')] as const;
        const assignment = {
          execution: ids[0],
          rollout,
          release: release.id,
          version: release.version,
          bundle: release.bundle,
          expiresAt: 1,
        };
        await db.insert(devices).values(
          [x, y].map((name, at) => ({
            id: name,
            deviceClass: TEST_CLASS,
            arch: release.arch,
            desiredSeq: 1,
            assignment: { ...assignment, execution: at === 0 ? ids[0] : ids[2] },
          })),
        );
        const base = { rollout, release: release.id, bytesTotal: 8, deadlineAt: new Date(0) };
        await db.insert(executions).values([
          { ...base, id: ids[0], device: x, state: states[0] },
          { ...base, id: ids[1], device: x, state: 'CANCELED', haltedAt: new Date(0) },
          { ...base, id: ids[2], device: y, state: states[1] },
        ]);
        const number = (text: string): string => text.replaceAll(mark, '#');
        const result = async (outcomes: readonly unknown[]) => {
          const rows = await db.select().from(executions).where(inArray(executions.id, ids));
          const steps = await db
            .select()
            .from(executionHistory)
            .where(inArray(executionHistory.execution, ids))
            .orderBy(executionHistory.id);
          const reports = await db.select().from(deviceReports).where(inArray(deviceReports.device, names));
          const asked = await db.select().from(devices).where(inArray(devices.id, names));
          const text = JSON.stringify({
            outcomes,
            executions: rows
              .toSorted((a, b) => (a.id < b.id ? -1 : 1))
              .map((row) => ({ ...row, device: '' })),
            // Steps of one execution are in order, those of several need not be.
            history: ids.map((one) =>
              steps.filter(({ execution }) => execution === one).map((step) => ({ ...step, id: 0 })),
            ),
            reports: reports
              .map((row) => ({ ...row, device: row.device.at(-1) }))
              .toSorted((a, b) => `${a.device}${a.seq}`.localeCompare(`${b.device}${b.seq}`)),
            asked: asked
              .toSorted((a, b) => a.id.localeCompare(b.id))
              .map((one) => [one.desiredSeq, one.assignment?.execution]),
          });
          return number(text).replace(/"(createdAt|updatedAt)":"[^"]*"/g, '');
        };
        return { names, ids: [...ids, ExecutionId.parse('exe_unknown000000000')], result };
      };
      const now = new Date(1_800_000_000_000);
      const oneReport = fc.record({
        who: fc.constantFrom(0, 0, 1),
        execution: fc.constantFrom(0, 0, 1, 1, 2, 2, 3),
        seq: fc.integer({ min: 1, max: 9 }),
        state: fc.constantFrom<ExecutionState>(
          'DOWNLOADING',
          'REBOOTING',
          'TRIAL',
          'COMMITTED',
          'ROLLED_BACK',
          'FAILED',
        ),
        local: fc.constantFrom(undefined, undefined, undefined, true as const),
        bytesReceived: fc.option(fc.integer({ min: 0, max: 9 }), { nil: undefined }),
        isLast: fc.boolean(),
        isDue: fc.constantFrom(true, true, false),
      });
      const live = fc.constantFrom<ExecutionState>('OFFERED', 'DOWNLOADING', 'TRIAL', 'COMMITTED');
      await fc.assert(
        fc.asyncProperty(
          fc.tuple(live, live),
          fc.array(oneReport, { minLength: 2, maxLength: 10 }),
          async (states, said) => {
            const [together, alone] = [await build(states), await build(states)];
            const reportsIn = ({ names, ids }: typeof alone): StatusReport[] =>
              said.map(({ who, execution, seq, state, local, bytesReceived, isDue }) => ({
                device: DeviceId.parse(names[who]),
                isDue,
                status: {
                  v: 1,
                  seq,
                  state,
                  execution: ExecutionId.parse(ids[execution]),
                  release: release.id,
                  bootId: 'b',
                  slot: 'a',
                  ...(local === undefined ? {} : { local }),
                  ...(bytesReceived === undefined ? {} : { bytesReceived }),
                },
              }));
            const [first, second]: StatusOutcome[][] = [[], []];
            let batch: StatusReport[] = [];
            for (const [at, one] of reportsIn(together).entries()) {
              batch.push(one);
              if (said[at]?.isLast !== true && at < said.length - 1) continue;
              first?.push(...(await recordStatuses(db, batch, now)));
              batch = [];
            }
            for (const one of reportsIn(alone)) second?.push(...(await recordStatuses(db, [one], now)));
            expect(await together.result(first ?? [])).toBe(await alone.result(second ?? []));
          },
        ),
        { numRuns: 15 },
      );
    });

    test('a report that comes before the one before it waits, unless it is due', async () => {
      const { devices: names } = await start(1);
      const [device] = names;
      if (device === undefined) throw new Error('no device');
      const { id: execution, release } = await executionOn(device);
      const made = (seq: number, state: ExecutionState, isDue = false): StatusReport => ({
        device,
        status: { v: 1, seq, execution, release, state, bootId: 'boot-1', slot: 'a' },
        isDue,
      });
      const take = async (...reports: StatusReport[]) =>
        (await recordStatuses(db, reports, new Date())).map(({ kind }) => kind);
      expect(await take(made(1, 'INSTALLING'))).toEqual(['counted']);
      // REBOOTING is on its way by another gateway.
      expect(await take(made(3, 'TRIAL'), made(4, 'COMMITTED'))).toEqual(['early', 'early']);
      expect(await take(made(2, 'REBOOTING'), made(4, 'COMMITTED'), made(3, 'TRIAL'))).toEqual([
        'counted',
        'early',
        'counted',
      ]);
      expect(await take(made(4, 'COMMITTED'), made(3, 'TRIAL'))).toEqual(['counted', 'duplicate']);
      expect((await executionOn(device)).history.map(({ state }) => state)).toEqual([
        'OFFERED',
        'INSTALLING',
        'REBOOTING',
        'TRIAL',
        'COMMITTED',
      ]);
      expect(await take(made(9, 'FAILED'))).toEqual(['early']);
      expect(await take(made(9, 'FAILED', true))).toEqual(['refused']);
    });

    test('what a device installed by itself is on record, once, and touches no execution', async () => {
      const { devices } = await start(1);
      const [device] = devices;
      if (device === undefined) throw new Error('no device');
      const execution = ExecutionId.parse('exe_ofthedevice00000');
      const outcome = { execution, local: true, code: 'TRIAL_GATE_FAILED', message: 'service:web' } as const;
      expect(await report(device, 'DOWNLOADING', { seq: 20, execution, local: true })).toEqual({
        kind: 'local',
      });
      expect(await report(device, 'ROLLED_BACK', { seq: 21, ...outcome })).toEqual({ kind: 'local' });
      expect(await report(device, 'ROLLED_BACK', { seq: 21, ...outcome })).toEqual({ kind: 'duplicate' });
      const installs = (await listAudit(db, { limit: 100, offset: 0 })).filter(
        ({ action, subject }) => action === 'device.install' && subject === device,
      );
      expect(installs.map(({ details }) => details)).toMatchObject([
        { state: 'ROLLED_BACK', code: 'TRIAL_GATE_FAILED', message: 'service:web' },
      ]);
      expect((await executionOn(device)).state).toBe('OFFERED');
      // The word alone opens no execution of another device, nor closes its own out of turn.
      const own = (await executionOn(device)).id;
      expect(await report(device, 'COMMITTED', { seq: 22, execution: own, local: true })).toMatchObject({
        kind: 'refused',
      });
    });

    test('numbers that devices choose may be as large as the protocol lets them', async () => {
      const { devices } = await start(1);
      const [device] = devices;
      if (device === undefined) throw new Error('no device');
      expect((await report(device, 'DOWNLOADING', { seq: Number.MAX_SAFE_INTEGER })).kind).toBe('counted');
      const connection = Number.MAX_SAFE_INTEGER;
      expect((await recordBirth(db, birthOf(device, { connection }), false, new Date()))?.online).toBe(true);
      expect((await recordDeath(db, device, connection))?.online).toBe(false);
    });

    test('a commit after the server gave up is a fact', async () => {
      const { rollout, devices } = await start(1);
      const [device] = devices;
      if (device === undefined) throw new Error('no device');
      await report(device, 'INSTALLING');
      await abortRollout(db, rollout, 'test', new Date());
      await planRollout(db, rollout, new Date());
      expect(await report(device, 'TRIAL')).toMatchObject({ kind: 'refused' });
      expect((await report(device, 'COMMITTED')).kind).toBe('counted');
      expect((await getExecution(db, (await executionOn(device)).id)).state).toBe('COMMITTED');
    });

    test('progress of another device, or of what is over, is ignored', async () => {
      const { devices } = await start(2);
      const [device, other] = devices;
      if (device === undefined || other === undefined) throw new Error('no device');
      const progress = {
        v: 1,
        execution: (await executionOn(device)).id,
        phase: 'DOWNLOADING',
        bytesDone: 4,
        bytesTotal: 8,
        bytesReceived: 4,
        bytesReused: 0,
      } as const;
      await report(device, 'DOWNLOADING');
      const say = async (of: DeviceId, over: { readonly bytesDone?: number } = {}) =>
        recordProgress(db, [{ device: of, progress: { ...progress, ...over } }], new Date());
      expect(await say(other)).toEqual([]);
      expect(await say(device)).toEqual([progress.execution]);
      const both = [2, 6].map((bytesDone) => ({ device, progress: { ...progress, bytesDone } }));
      expect(await recordProgress(db, both, new Date())).toEqual([progress.execution]);
      expect((await executionOn(device)).bytesDone).toBe(6);
      await report(device, 'FAILED');
      expect(await say(device, { bytesDone: 8 })).toEqual([]);
    });
  });
});
