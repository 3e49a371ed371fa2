import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  ChannelName,
  codeOf,
  DeviceId,
  type Birth,
  type DeviceId as Id,
  type ErrorCode,
  type Release,
} from '@slipway/protocol';
import { openDatabase, type Database, type OpenDatabase } from '../database.ts';
import { RELEASE_NEXT } from '../release-states.ts';
import { startTestPostgres } from '../testing/postgres.ts';
import { birthOf, seedDraft, seedOnlineDevice, seedRelease, TEST_CLASS } from '../testing/seed.ts';
import { openTestDatabase } from '../testing/test-database.ts';
import { planRollout } from './apply-plan.ts';
import { listAudit } from './audit.ts';
import {
  changeChannel,
  clearFromChannels,
  followChannel,
  getChannel,
  listChannelHistory,
  publishToChannel,
} from './channels.ts';
import { recordBirth } from './record-presence.ts';
import { listExecutions } from './executions.ts';
import { previewRollout } from './preview.ts';
import {
  getQualification,
  moveQualification,
  openQualifications,
  predecessorOf,
  qualifyAgain,
} from './qualifications.ts';
import { recordStatus } from './record-status.ts';
import { changeRelease, getRelease } from './releases.ts';
import { createRollout, getRollout } from './rollouts.ts';
import { abortRollout } from './steer-rollout.ts';

const codeThrownBy = async (work: Promise<unknown>): Promise<ErrorCode | 'nothing'> =>
  work.then(
    () => 'nothing' as const,
    (error: unknown) => codeOf(error),
  );

const postgres = await startTestPostgres();
afterAll(() => postgres?.stop());
const engines: [string, () => Promise<OpenDatabase>][] = [['PGlite', openTestDatabase]];
if (postgres !== undefined) engines.push(['PostgreSQL', () => openDatabase({ url: postgres.url })]);

const bundle = Buffer.from('bundle');
const stable = ChannelName.parse('stable');
const beta = ChannelName.parse('beta');
const page = { limit: 100, offset: 0 };

describe.each(engines)('on %s', (_name, open) => {
  let database: OpenDatabase;
  let db: Database;
  beforeAll(async () => {
    database = await open();
    ({ db } = database);
  });
  afterAll(() => database.close());

  const key = (name: ChannelName) => ({ deviceClass: TEST_CLASS, name });
  const publish = (release: Release, channel: ChannelName) =>
    publishToChannel(db, { release: release.id, channel, actor: 'ann' }, new Date());
  const rollOut = (release: Release, over: object = {}) =>
    createRollout(db, { release: release.id, failureThreshold: 1, maxInFlight: 100, ...over }, new Date());
  const targetsOf = async (rollout: { id: Parameters<typeof planRollout>[1] }): Promise<Id[]> => {
    await planRollout(db, rollout.id, new Date());
    const begun = await listExecutions(db, { rollout: rollout.id, ...page });
    return begun.map(({ device }) => device).sort();
  };
  const end = (rollout: { id: Parameters<typeof planRollout>[1] }) =>
    abortRollout(db, rollout.id, 'the test ended', new Date()).then(() =>
      planRollout(db, rollout.id, new Date()),
    );
  const runs = async (device: string, release: Release, over: Partial<Birth> = {}): Promise<void> => {
    const slot = { state: 'GOOD', release: release.id, version: release.version } as const;
    const birth = birthOf(device, { slots: { a: slot, b: { state: 'EMPTY' } }, ...over });
    await recordBirth(db, birth, false, new Date());
  };

  test('a draft is published by its channel, which remembers what it had', async () => {
    const first = await seedDraft(db, '1.0.0', bundle);
    expect(await publish(first, stable)).toMatchObject({
      release: { state: 'published' },
      channel: { release: first.id, version: '1.0.0', deviceClass: TEST_CLASS },
    });
    const second = await seedDraft(db, '1.1.0', bundle);
    await publish(second, stable);
    await publish(second, stable);
    expect((await listChannelHistory(db, key(stable), page)).map(({ version }) => version)).toEqual([
      '1.1.0',
      '1.0.0',
    ]);
    expect((await listAudit(db, { limit: 1, offset: 0 }))[0]).toMatchObject({
      actor: 'ann',
      action: 'channel.publish',
      subject: 'edge-test/stable',
    });
    expect(await codeThrownBy(publish(first, stable))).toBe('CONFLICT');
    const { release } = await publish(first, ChannelName.parse('lts'));
    expect(release.id).toBe(first.id);
  });

  test('nothing below the floor gets into a channel, and no floor above what it holds', async () => {
    const low = await seedDraft(db, '1.9.0', bundle);
    const high = await seedDraft(db, '1.10.0', bundle);
    await changeChannel(db, key(beta), { floor: '1.10.0' }, new Date());
    expect(await codeThrownBy(publish(low, beta))).toBe('RELEASE_BELOW_FLOOR');
    expect((await getRelease(db, low.id)).state).toBe('draft');
    await publish(high, beta);
    expect(await codeThrownBy(changeChannel(db, key(beta), { floor: '2.0.0' }, new Date()))).toBe('CONFLICT');
    expect(await getChannel(db, key(beta))).toMatchObject({ floor: '1.10.0', version: '1.10.0' });
  });

  test('a release moves as the table says, and no other way', async () => {
    for (const [from, next] of Object.entries(RELEASE_NEXT)) {
      for (const to of ['published', 'deprecated', 'withdrawn'] as const) {
        const release = await seedDraft(db, '1.0.0', bundle);
        if (from !== 'draft')
          await changeRelease(db, release.id, undefined, from === 'withdrawn' ? from : 'published');
        if (from === 'deprecated') await changeRelease(db, release.id, undefined, 'deprecated');
        const outcome = await codeThrownBy(changeRelease(db, release.id, undefined, to));
        expect([from, to, outcome]).toEqual([from, to, next.includes(to) ? 'nothing' : 'CONFLICT']);
      }
    }
  });

  test('a deprecated release takes force; rollouts of it go on', async () => {
    await seedOnlineDevice(db, `dep-${_name.toLowerCase()}`);
    const device = DeviceId.parse(`dep-${_name.toLowerCase()}`);
    const release = await seedRelease(db, '1.20.0', bundle);
    const rollout = await rollOut(release, { devices: [device] });
    await changeRelease(db, release.id, undefined, 'deprecated');
    expect(await targetsOf(rollout)).toEqual([device]);
    await end(rollout);
    expect(await codeThrownBy(rollOut(release, { devices: [device] }))).toBe('RELEASE_DEPRECATED');
    await end(await rollOut(release, { devices: [device], force: true }));
    expect(await codeThrownBy(publish(release, stable))).toBe('CONFLICT');
  });

  test('a withdrawn release is current nowhere any more', async () => {
    const dev = ChannelName.parse('dev');
    const release = await seedRelease(db, '1.21.0', bundle);
    await publish(release, dev);
    await changeRelease(db, release.id, undefined, 'withdrawn');
    expect(await clearFromChannels(db, release, 'ann', new Date())).toMatchObject([
      { name: dev, release: null },
    ]);
    expect((await listChannelHistory(db, key(dev), page)).map(({ event }) => event)).toEqual([
      'withdrawn',
      'published',
    ]);
  });

  describe('devices that follow a channel', () => {
    const name = (one: string): Id => DeviceId.parse(`${one}-${_name.toLowerCase()}`);
    const edge = ChannelName.parse('edge');
    let old: Release;
    beforeAll(async () => {
      old = await seedRelease(db, '2.0.0', bundle);
      for (const one of ['free', 'edge-1', 'edge-2']) {
        await seedOnlineDevice(db, name(one));
        await runs(name(one), old);
      }
      await changeChannel(db, key(edge), {}, new Date());
      for (const one of ['edge-1', 'edge-2']) await followChannel(db, name(one), edge);
      // Of no interest here, but of the same class.
      await followChannel(db, name('free'), null);
    });

    test('a channel that the class does not have cannot be followed', async () => {
      expect(await codeThrownBy(followChannel(db, name('free'), ChannelName.parse('nope')))).toBe(
        'NOT_FOUND',
      );
      expect((await getChannel(db, key(edge))).devices).toBe(2);
    });

    test('a rollout to the class leaves them out until the release is published to their channel', async () => {
      const release = await seedRelease(db, '2.1.0', bundle);
      const before = await rollOut(release);
      expect((await targetsOf(before)).filter((id) => id.includes('edge'))).toEqual([]);
      expect(await targetsOf(before)).toContain(name('free'));
      await publish(release, edge);
      expect(await targetsOf(before)).toEqual(expect.arrayContaining([name('edge-1'), name('edge-2')]));
      expect((await getRollout(db, before.id)).waiting).toBe(0);
      await end(before);
    });

    test('a rollout of a channel reaches them and no others', async () => {
      const release = await seedRelease(db, '2.2.0', bundle);
      const rollout = await rollOut(release, { channel: edge });
      expect(rollout.channel).toBe(edge);
      expect(await targetsOf(rollout)).toEqual([name('edge-1'), name('edge-2')]);
      // Another channel of the class may be rolled out at the same time, the whole class may not.
      await end(await rollOut(release, { channel: stable }));
      expect(await codeThrownBy(rollOut(release))).toBe('CONFLICT');
      await end(rollout);
    });

    test('a release below the floor of their channel is refused, also where a device is named', async () => {
      const current = await seedRelease(db, '2.5.0', bundle);
      await publish(current, edge);
      await changeChannel(db, key(edge), { floor: '2.4.0' }, new Date());
      const low = await seedRelease(db, '2.3.0', bundle);
      for (const asked of [{ channel: edge }, { devices: [name('edge-1')] }])
        expect(await codeThrownBy(rollOut(low, asked))).toBe('RELEASE_BELOW_FLOOR');
      await end(await rollOut(low, { devices: [name('free')] }));
    });

    test('a stepping stone comes first, also where a device is named, unless it was withdrawn', async () => {
      const stone = await seedRelease(db, '2.6.0', bundle);
      const target = await seedRelease(db, '3.0.0', bundle);
      await publish(target, edge);
      await changeChannel(db, key(edge), { steppingStones: [stone.id] }, new Date());
      // Its zone is none that this machine knows.
      await runs(name('edge-2'), stone, { timeZone: 'Mars/Olympus', utcOffset: -12_600 });
      const limits = { failureThreshold: 1, maxInFlight: 100 };
      const asked = { release: target.id, channel: edge, ...limits };
      const policy = { windows: [{ from: '02:00', to: '04:00' }] };
      const noon = new Date('2030-01-31T12:00:00Z');
      expect(await previewRollout(db, { ...asked, policy }, null, noon)).toMatchObject({
        devices: 2,
        online: 2,
        zones: expect.arrayContaining([
          { timeZone: null, devices: 1, online: 1, opensAt: '2030-02-01T02:00:00.000Z' },
          { timeZone: '-03:30', devices: 1, online: 1, opensAt: '2030-02-01T05:30:00.000Z' },
        ]),
        bytes: { most: 3 * bundle.length },
        routes: expect.arrayContaining([
          { from: '2.0.0', through: [{ release: stone.id, version: '2.6.0' }], devices: 1 },
          { from: '2.6.0', through: [], devices: 1 },
        ]),
      });
      const rollout = await rollOut(target, { channel: edge });
      expect(await targetsOf(rollout)).toEqual([name('edge-1'), name('edge-2')]);
      const last = async (device: Id) => {
        const [execution] = await listExecutions(db, { rollout: rollout.id, device, limit: 1, offset: 0 });
        return execution ?? Promise.reject(new Error('there is none'));
      };
      expect((await last(name('edge-2'))).release).toBe(target.id);
      const first = await last(name('edge-1'));
      expect(first).toMatchObject({ release: stone.id, attempt: 1 });
      for (const [seq, state] of (['INSTALLING', 'REBOOTING', 'COMMITTED'] as const).entries()) {
        const report = { v: 1, seq: seq + 1, execution: first.id, release: stone.id, state } as const;
        await recordStatus(db, first.device, { ...report, bootId: 'b', slot: 'b' }, new Date());
      }
      // Its birth has not told yet that it runs the stone.
      expect(await targetsOf(rollout)).toHaveLength(3);
      expect(await last(name('edge-1'))).toMatchObject({ release: target.id, attempt: 2 });
      expect((await getRollout(db, rollout.id)).counts).toEqual({ OFFERED: 2 });
      await end(rollout);
      await changeRelease(db, stone.id, undefined, 'withdrawn');
      expect(await codeThrownBy(rollOut(target, { devices: [name('edge-1')] }))).toBe(
        'STEPPING_STONE_MISSING',
      );
    });
  });

  test('a release is qualified from what devices run that are to get it', async () => {
    const proven = await seedRelease(db, '5.0.0', bundle);
    const newer = await seedRelease(db, '5.1.0', bundle);
    const draft = await seedDraft(db, '5.2.0', bundle);
    const later = await seedRelease(db, '5.3.0', bundle);
    const trial = ChannelName.parse('trial');
    await publish(proven, trial);
    const from = async (channel: ChannelName | undefined) => {
      expect(await qualifyAgain(db, draft.id, channel, new Date())).toMatchObject({ state: 'pending' });
      // One that is under way goes on.
      expect(await qualifyAgain(db, draft.id, channel, new Date())).toBeUndefined();
      const [open] = await openQualifications(db, draft.id);
      if (open === undefined) throw new Error('it is not under way');
      expect(await codeThrownBy(changeRelease(db, draft.id, ['draft'], 'published'))).toBe(
        'QUALIFICATION_PENDING',
      );
      await moveQualification(db, open, { state: 'failed', code: 'TRIAL_GATE_FAILED' });
      // Over is over, whatever a job of before says.
      expect(await moveQualification(db, open, { state: 'passed' })).toBeUndefined();
      return predecessorOf(db, open);
    };
    expect(await from(undefined)).toEqual({ release: newer.id, build: newer.build });
    expect(await from(trial)).toEqual({ release: proven.id, build: proven.build });
    // Its current release is no update to this one.
    await publish(later, trial);
    expect(await from(trial)).toEqual({ release: newer.id, build: newer.build });
    expect(await codeThrownBy(changeRelease(db, draft.id, ['draft'], 'published'))).toBe(
      'QUALIFICATION_FAILED',
    );
    expect((await getRelease(db, draft.id)).qualification).toBe('failed');
    // The rounds before stay known, the newest first.
    const { round, earlier } = await getQualification(db, draft.id);
    expect(round).toBe(earlier === undefined ? Number.NaN : (earlier[0]?.round ?? 0) + 1);
    expect(earlier?.slice(0, 2)).toEqual([
      expect.objectContaining({ state: 'failed', code: 'TRIAL_GATE_FAILED', steps: [], finishedAt: null }),
      expect.objectContaining({ state: 'failed', code: 'TRIAL_GATE_FAILED' }),
    ]);
    expect((await changeRelease(db, draft.id, ['draft'], 'published', true)).state).toBe('published');
  });
});
