import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  codeOf,
  DeviceId,
  GroupCreate,
  messageOf,
  MAX_ATTRIBUTES,
  MAX_TAGS,
  RolloutCreate,
  type ErrorCode,
  type Group,
} from '@slipway/protocol';
import { openDatabase, type Database, type OpenDatabase } from '../database.ts';
import { startTestPostgres } from '../testing/postgres.ts';
import { seedDevice, seedOnlineDevice, seedRelease, TEST_CLASS } from '../testing/seed.ts';
import { openTestDatabase } from '../testing/test-database.ts';
import { planRollout } from './apply-plan.ts';
import { listAudit } from './audit.ts';
import { changeDevice } from './change-device.ts';
import { countDevices } from './count-devices.ts';
import { getDevice, listDevices } from './devices.ts';
import { listExecutions, liveExecution } from './executions.ts';
import { queryCondition } from './find-groups.ts';
import {
  addMembers,
  changeGroup,
  createGroup,
  deleteGroup,
  deviceIsInGroups,
  getGroup,
  groupsOfDevice,
  isInGroup,
  listGroups,
  removeMembers,
} from './groups.ts';
import { isRolloutReached } from './reach.ts';
import { createRollout, getRollout, rolloutsDue, runningRolloutsByQuery } from './rollouts.ts';
import { abortRollout } from './steer-rollout.ts';

const postgres = await startTestPostgres();
afterAll(() => postgres?.stop());
const engines: [string, () => Promise<OpenDatabase>][] = [['PGlite', openTestDatabase]];
if (postgres !== undefined) engines.push(['PostgreSQL', () => openDatabase({ url: postgres.url })]);

const codeThrownBy = (work: Promise<unknown>): Promise<ErrorCode | 'nothing'> =>
  work.then(
    () => 'nothing' as const,
    (error: unknown) => codeOf(error),
  );
const messageThrownBy = (work: Promise<unknown>): Promise<string> => work.then(() => 'nothing', messageOf);
const now = (): Date => new Date();
const page = { limit: 100, offset: 0 };

describe.each(engines)('on %s', (_name, open) => {
  let database: OpenDatabase;
  let db: Database;
  beforeAll(async () => {
    database = await open();
    db = database.db;
  });
  afterAll(() => database.close());

  const make = (name: string, query?: string) =>
    createGroup(db, GroupCreate.parse({ name, ...(query === undefined ? {} : { query }) }), 'me', now());
  const idsOf = async (query: string): Promise<string[]> =>
    (await listDevices(db, { ...page, condition: await queryCondition(db, query, now()) })).map(
      ({ id }) => id,
    );

  describe('what operators say of a device', () => {
    test('is kept apart from what it reports, in the audit, and found by queries', async () => {
      const { id } = await seedDevice(db, 'said');
      const change = { name: 'Pump 3', addTags: ['wet', 'north'], attributes: { floor: 3, site: 'berlin' } };
      const device = await changeDevice(db, id, change, 'me');
      expect(device).toMatchObject({
        name: 'Pump 3',
        tags: ['north', 'wet'],
        attributes: { floor: 3, site: 'berlin' },
        version: null,
      });
      expect((await listAudit(db, { limit: 1, offset: 0 }))[0]).toMatchObject({
        actor: 'me',
        action: 'device.change',
        subject: 'said',
        details: change,
      });
      expect(await idsOf('name ~ "Pump *" and tag = wet and attr.floor >= 3 and attr.site = berlin')).toEqual(
        ['said'],
      );
      const next = { removeTags: ['wet'], attributes: { floor: null, site: 'madrid' }, name: null };
      expect(await changeDevice(db, id, next, 'me')).toMatchObject({
        name: null,
        tags: ['north'],
        attributes: { site: 'madrid' },
      });
      expect(await changeDevice(db, id, {}, 'me')).toMatchObject({ tags: ['north'] });
      expect(await codeThrownBy(changeDevice(db, DeviceId.parse('nobody'), {}, 'me'))).toBe('NOT_FOUND');
    });

    test('changes at once all count, and there is a limit', async () => {
      const { id } = await seedDevice(db, 'crowded');
      const names = Array.from({ length: MAX_TAGS }, (_, n) => `t${n}`);
      await Promise.all(names.map((tag) => changeDevice(db, id, { addTags: [tag] }, 'me')));
      expect((await getDevice(db, id)).tags).toEqual(names.sort());
      expect(await codeThrownBy(changeDevice(db, id, { addTags: ['more'] }, 'me'))).toBe('REQUEST_INVALID');
      const many = Object.fromEntries(Array.from({ length: MAX_ATTRIBUTES + 1 }, (_, n) => [`a${n}`, n]));
      expect(await codeThrownBy(changeDevice(db, id, { attributes: many }, 'me'))).toBe('REQUEST_INVALID');
      expect((await getDevice(db, id)).attributes).toEqual({});
    });
  });

  describe('groups', () => {
    test('a listed one has the devices that were added', async () => {
      const [inside, outside] = [await seedDevice(db, 'inside'), await seedDevice(db, 'outside')];
      const berlin = await make('berlin');
      await addMembers(db, 'berlin', [inside.id, inside.id], 'me', now());
      await addMembers(db, berlin.id, [inside.id, outside.id], 'me', now());
      await removeMembers(db, 'berlin', [outside.id], 'me');
      expect(await idsOf('group = berlin')).toEqual(['inside']);
      expect(await idsOf(`group = ${berlin.id}`)).toEqual(['inside']);
      expect(await groupsOfDevice(db, inside.id, now())).toEqual([{ id: berlin.id, name: 'berlin' }]);
      expect(await deviceIsInGroups(db, inside.id, [berlin.id])).toBe(true);
      expect(await deviceIsInGroups(db, inside.id, ['nowhere', 'berlin'])).toBe(true);
      expect(await deviceIsInGroups(db, inside.id, ['nowhere'])).toBe(false);
      expect(await deviceIsInGroups(db, inside.id, [])).toBe(false);
      expect(await deviceIsInGroups(db, outside.id, ['berlin'])).toBe(false);

      expect(await codeThrownBy(addMembers(db, 'berlin', [DeviceId.parse('nobody')], 'me', now()))).toBe(
        'NOT_FOUND',
      );
      expect(await codeThrownBy(addMembers(db, 'nowhere', [inside.id], 'me', now()))).toBe('NOT_FOUND');
      expect(await codeThrownBy(make('berlin'))).toBe('CONFLICT');
      expect(await codeThrownBy(changeGroup(db, 'berlin', { query: 'online' }, 'me', now()))).toBe(
        'CONFLICT',
      );
    });

    test('one with a query has whatever it finds at the moment, also by way of another group', async () => {
      const { id } = await seedDevice(db, 'moving');
      const red = await make('red', 'tag = red');
      const notRed = await make('not-red', 'id = moving and not group = red');
      const isIn = async (): Promise<boolean[]> => [
        await deviceIsInGroups(db, id, ['red']),
        await deviceIsInGroups(db, id, [notRed.id]),
      ];
      expect(await isIn()).toEqual([false, true]);
      await changeDevice(db, id, { tags: ['red'] }, 'me');
      expect(await isIn()).toEqual([true, false]);
      expect((await groupsOfDevice(db, id, now())).map(({ name }) => name)).toEqual(['red']);
      const inRed = await listDevices(db, { ...page, condition: await isInGroup(db, red.id, now()) });
      expect(inRed.map((device) => device.id)).toEqual(['moving']);
      expect(await codeThrownBy(addMembers(db, 'red', [id], 'me', now()))).toBe('CONFLICT');
      await changeGroup(db, 'red', { query: 'tag = crimson', description: 'darker' }, 'me', now());
      expect(await getGroup(db, 'red')).toMatchObject({ query: 'tag = crimson', description: 'darker' });
      expect(await isIn()).toEqual([false, true]);
    });

    test('a query is checked when it is saved', async () => {
      expect(await messageThrownBy(make('wrong', 'clas = x'))).toContain('Did you mean class?');
      expect(await messageThrownBy(make('wrong', 'online and group = missing'))).toBe(
        [
          'Line 1, column 20: there is no group missing. slipway groups list names those there are.',
          '  online and group = missing',
          '                     ^^^^^^^',
        ].join('\n'),
      );
      expect(await codeThrownBy(getGroup(db, 'wrong'))).toBe('NOT_FOUND');
      await make('one', 'online');
      await make('two', 'group = one');
      for (const query of ['group = two', 'group = one', 'not (online or group in (berlin, two))'])
        expect(await messageThrownBy(changeGroup(db, 'one', { query }, 'me', now()))).toContain(
          'made of itself',
        );
    });

    test('groups of groups do not multiply without end', async () => {
      await make('g0', 'online or revoked or online or revoked');
      const twice = (n: number): string => `group = g${n} or not group = g${n}`;
      for (let n = 1; n <= 7; n++) await make(`g${n}`, twice(n - 1));
      expect(await messageThrownBy(make('g8', twice(7)))).toContain('at most 1000 comparisons');
      expect((await idsOf('group = g7')).length).toBeGreaterThan(0);
    });

    test('what another group asks for keeps its name and stays', async () => {
      const base = await make('base', 'online');
      await make('above', 'group = base');
      expect(await messageThrownBy(deleteGroup(db, 'base', 'me'))).toContain('asked for by group above');
      expect(await codeThrownBy(changeGroup(db, 'base', { name: 'ground' }, 'me', now()))).toBe('CONFLICT');
      await changeGroup(db, 'above', { query: `group = ${base.id}` }, 'me', now());
      await changeGroup(db, 'base', { name: 'ground' }, 'me', now());
      expect(await codeThrownBy(deleteGroup(db, 'ground', 'me'))).toBe('CONFLICT');
      await deleteGroup(db, 'above', 'me');
      await deleteGroup(db, 'ground', 'me');
      expect((await listGroups(db, page)).map(({ name }) => name)).not.toContain('ground');
    });

    test('saved at once, none asks for itself by way of the other', async () => {
      await make('left', 'online');
      await make('right', 'online');
      const codes = await Promise.all([
        codeThrownBy(changeGroup(db, 'left', { query: 'group = right' }, 'me', now())),
        codeThrownBy(changeGroup(db, 'right', { query: 'group = left' }, 'me', now())),
      ]);
      expect(codes.sort()).toEqual(['QUERY_INVALID', 'nothing']);
    });
  });

  test('devices are counted by what they are', async () => {
    for (const n of [1, 2, 3]) await seedOnlineDevice(db, `counted-${n}`);
    await seedDevice(db, 'counted-4');
    const counts = await countDevices(db, 'id ~ counted-*', now());
    expect(counts).toMatchObject({
      total: 4,
      online: 3,
      byClass: [{ value: TEST_CLASS, count: 4 }],
      byVersion: [{ value: null, count: 4 }],
      byHealth: [
        { value: 'ok', count: 3 },
        { value: null, count: 1 },
      ],
      byState: [{ value: 'active', count: 4 }],
    });
    // The certificates of the seeds last a day.
    expect(counts.byAlarm[0]).toEqual({ value: 'certificate_expiring', count: 4 });
    expect((await countDevices(db, '', now())).total).toBeGreaterThan(4);
    expect(await countDevices(db, 'id = nobody', now())).toMatchObject({ total: 0, byClass: [] });
  });

  describe('rollouts', () => {
    const roll = async (asked: Partial<RolloutCreate> & Pick<RolloutCreate, 'release'>) =>
      createRollout(db, RolloutCreate.parse(asked), now());
    const offered = async (...names: string[]): Promise<string[]> => {
      const ids = names.map((name) => DeviceId.parse(name));
      const live = await Promise.all(ids.map((id) => liveExecution(db, id)));
      return names.filter((_name, n) => live[n] !== undefined);
    };

    test('to a group or a query reach the devices found, also those that join, and leave others alone', async () => {
      const names = ['roll-1', 'roll-2', 'roll-3'] as const;
      for (const name of names) await seedOnlineDevice(db, name);
      await make('first', 'tag = first');
      await make('second');
      await changeDevice(db, DeviceId.parse('roll-1'), { addTags: ['first'] }, 'me');
      const [newer, older] = [
        await seedRelease(db, '7.0.0', Buffer.from('7')),
        await seedRelease(db, '7.0.1', Buffer.from('71')),
      ];
      const rollout = await roll({ release: newer.id, group: 'first', conflictPatienceSeconds: 60 });
      expect(rollout).toMatchObject({ waiting: 1, group: (await getGroup(db, 'first')).id });
      expect(await runningRolloutsByQuery(db)).toContain(rollout.id);
      await planRollout(db, rollout.id, now());
      expect(await offered(...names)).toEqual(['roll-1']);

      await changeDevice(db, DeviceId.parse('roll-2'), { addTags: ['first'] }, 'me');
      await planRollout(db, rollout.id, now());
      expect(await offered(...names)).toEqual(['roll-1', 'roll-2']);

      expect(await codeThrownBy(roll({ release: older.id }))).toBe('CONFLICT');
      expect(await codeThrownBy(roll({ release: older.id, query: 'id = roll-1' }))).toBe('CONFLICT');
      expect(await codeThrownBy(roll({ release: older.id, query: 'id = roll-1 or' }))).toBe('QUERY_INVALID');
      expect(await codeThrownBy(roll({ release: older.id, query: 'online', group: 'first' }))).toBe(
        'REQUEST_INVALID',
      );
      expect(await codeThrownBy(roll({ release: older.id, group: 'nowhere' }))).toBe('NOT_FOUND');
      const beside = await roll({ release: older.id, query: 'id = roll-3' });
      expect(beside).toMatchObject({ query: 'id = roll-3' });
      await planRollout(db, beside.id, now());
      expect(await offered(...names)).toEqual([...names]);
      // A device that takes another release is waited for, which is told, and in the end is left out.
      await changeDevice(db, DeviceId.parse('roll-3'), { addTags: ['first'] }, 'me');
      const start = now();
      await planRollout(db, rollout.id, start);
      const minuteOn = new Date(start.getTime() + 60_000);
      const wait = { rollout: beside.id, devices: 1, until: minuteOn.toISOString() };
      expect((await getRollout(db, rollout.id)).waitsFor).toEqual([wait]);
      expect(await rolloutsDue(db, start)).not.toContain(rollout.id);
      expect(await rolloutsDue(db, minuteOn)).toContain(rollout.id);
      await planRollout(db, rollout.id, minuteOn);
      const after = await getRollout(db, rollout.id);
      expect(after).toMatchObject({ state: 'running', waitsFor: [], counts: { CANCELED: 1 } });
      const page = { limit: 9, offset: 0, device: DeviceId.parse('roll-3'), rollout: rollout.id };
      const [leftOut] = await listExecutions(db, page);
      expect(leftOut).toMatchObject({ state: 'CANCELED', code: 'ROLLOUT_CONFLICT' });
      expect(leftOut?.message).toContain(beside.id);
      expect(await offered('roll-3')).toEqual(['roll-3']);

      expect(await messageThrownBy(deleteGroup(db, 'first', 'me'))).toContain(rollout.id);

      // What was begun on a device that has left is ended with the rollout, and nothing more is asked of it.
      await changeDevice(db, DeviceId.parse('roll-1'), { tags: [] }, 'me');
      await planRollout(db, rollout.id, now());
      expect(await offered('roll-1')).toEqual(['roll-1']);
      await abortRollout(db, rollout.id, 'enough', now());
      await deleteGroup(db, 'first', 'me');
      await planRollout(db, rollout.id, now());
      expect(await offered(...names)).toEqual(['roll-3']);
      expect((await getRollout(db, rollout.id)).counts).toEqual({ CANCELED: 3 });
      await abortRollout(db, beside.id, 'enough', now());
      await planRollout(db, beside.id, now());
    });

    test('by a query within groups reach their devices alone, are seen by who reaches all of these, and hold them', async () => {
      const names = ['within-1', 'within-2', 'within-3'] as const;
      for (const name of names) await seedOnlineDevice(db, name);
      const [one, two, other] = [await make('within-one'), await make('within-two'), await make('within-no')];
      const put = (group: string, name: string) => addMembers(db, group, [DeviceId.parse(name)], 'me', now());
      await put('within-one', 'within-1');
      await put('within-no', 'within-3');
      const release = await seedRelease(db, '7.1.0', Buffer.from('within'));
      const asked = RolloutCreate.parse({ release: release.id, query: 'online' });
      const { id, ...rollout } = await createRollout(db, asked, now(), [one.id, two.id]);
      expect(rollout).toMatchObject({ within: [one.id, two.id], waiting: 1 });
      await planRollout(db, id, now());
      expect(await offered(...names)).toEqual(['within-1']);
      await put('within-two', 'within-2');
      await planRollout(db, id, now());
      expect(await offered(...names)).toEqual(['within-1', 'within-2']);

      const isSeen = (...reach: Group[]) =>
        isRolloutReached(
          db,
          reach.map((group) => group.id),
          id,
          now(),
        );
      expect([await isSeen(one, two, other), await isSeen(one), await isSeen(other)]).toEqual([
        true,
        false,
        false,
      ]);
      expect(await messageThrownBy(deleteGroup(db, 'within-two', 'me'))).toContain(id);
      await abortRollout(db, id, 'enough', now());
      await planRollout(db, id, now());
    });
  });
});
