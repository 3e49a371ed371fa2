import { expect, test } from 'vitest';
import { ClassName, DeviceId, ReleaseId, RolloutCreate, RolloutId } from '@slipway/protocol';
import { describeWhatFollows, type DeviceKind, type PreviewFacts } from './preview.ts';

const NOW = new Date('2026-01-31T12:00:00Z');
const idOf = (letter: string): ReleaseId => ReleaseId.parse(`rel_${letter.repeat(16)}`);
const RELEASE = { id: idOf('n'), deviceClass: ClassName.parse('edge-x86'), version: '1.3.0' };
const STONE = { release: idOf('s'), version: '1.1.0' };
const MIB = 1024 * 1024;

const cell = (devices: number, kind: Partial<DeviceKind> = {}, ...named: number[]) => ({
  version: '1.2.0',
  online: true,
  current: false,
  through: [],
  timeZone: 'UTC',
  ...kind,
  named: new Set(named),
  devices,
});
const FLEET: PreviewFacts = {
  release: RELEASE,
  cells: [
    cell(90),
    cell(6, { online: false }),
    cell(3, { version: '1.0.0', through: [STONE] }),
    cell(1, { version: '1.3.0', current: true }),
  ],
  sizes: new Map([
    [RELEASE.id, 100 * MIB],
    [STONE.release, 60 * MIB],
  ]),
  earlier: {
    updates: 37,
    of: 'class',
    loaded: 0.25,
    likely: { prepare: 540, restart: 60 },
    slow: { prepare: 1080, restart: 120 },
  },
  overlaps: [],
  halted: false,
};
const preview = (asked: object = {}, facts: Partial<PreviewFacts> = {}) =>
  describeWhatFollows(RolloutCreate.parse({ release: RELEASE.id, ...asked }), { ...FLEET, ...facts }, NOW);
const codes = (asked: object, facts?: Partial<PreviewFacts>): string[] =>
  preview(asked, facts).warnings.map(({ code }) => code);

test('devices, routes, bytes and time are told, in all', () => {
  const seen = preview();
  expect(seen).toMatchObject({
    version: '1.3.0',
    devices: 100,
    current: 1,
    online: 93,
    bytes: { most: (99 * 100 + 3 * 60) * MIB, expected: ((99 * 100 + 3 * 60) * MIB) / 4 },
    routes: [
      { from: '1.2.0', through: [], devices: 96 },
      { from: '1.0.0', through: [STONE], devices: 3 },
    ],
    basis: { updates: 37, of: 'class' },
    duration: { least: 0, likely: 600, slow: 1200 },
  });
  expect(seen.waves).toMatchObject([{ index: 0, name: null, who: {}, devices: 100, approval: false }]);
});

test('each wave has its part, one after the other', () => {
  const canaries = ['dev-1', 'dev-2'].map((id) => DeviceId.parse(id));
  const { waves, duration } = preview(
    {
      maxInFlight: 50,
      soakSeconds: 1800,
      waves: [
        { name: 'canary', devices: canaries, soakSeconds: 3600, approval: true },
        { percent: 10, maxInFlight: 4 },
        {},
      ],
    },
    { cells: [cell(2, {}, 0), cell(80)] },
  );
  expect(waves).toMatchObject([
    {
      name: 'canary',
      who: { devices: canaries },
      devices: 2,
      online: 2,
      bytes: { most: 200 * MIB, expected: 50 * MIB },
      duration: { least: 3600, likely: 4200, slow: 4800 },
      startsAt: '2026-01-31T12:00:00.000Z',
      endsAt: '2026-01-31T13:10:00.000Z',
      approval: true,
    },
    { who: { percent: 10 }, devices: 8, duration: { least: 1800, likely: 3000 }, approval: false },
    { who: {}, devices: 72, startsAt: '2026-01-31T14:00:00.000Z' },
  ]);
  expect(duration.likely).toBe(waves.reduce((sum, wave) => sum + (wave.duration.likely ?? 0), 0));
});

test('a rollout that starts later is estimated from there', () => {
  const { waves } = preview({ startAt: '2026-02-01T00:00:00Z' });
  expect(waves[0]).toMatchObject({
    startsAt: '2026-02-01T00:00:00.000Z',
    endsAt: '2026-02-01T00:10:00.000Z',
  });
});

test('where nothing is known of the class, only what is certain is told', () => {
  const earlier = { updates: 0, of: 'class', loaded: null, likely: null, slow: null } as const;
  const { bytes, duration, waves } = preview({ soakSeconds: 3600 }, { earlier });
  expect(bytes.expected).toBeNull();
  expect(duration).toEqual({ least: 3600, likely: null, slow: null });
  expect(waves[0]).toMatchObject({ startsAt: null, endsAt: null });
});

const windows = [{ from: '02:00', to: '04:00' }];
test('windows open by the clock of each device', () => {
  const cells = [
    cell(3, { timeZone: 'Europe/Vienna' }),
    cell(1, { timeZone: 'Europe/Vienna', online: false }),
    cell(2, { timeZone: '+05:30' }),
    cell(1, { timeZone: null }),
    cell(9, { timeZone: 'America/New_York', current: true }),
  ];
  const { zones, waves } = preview({ policy: { windows } }, { cells });
  expect(zones).toEqual([
    { timeZone: 'Europe/Vienna', devices: 4, online: 3, opensAt: '2026-02-01T01:00:00.000Z' },
    { timeZone: '+05:30', devices: 2, online: 2, opensAt: '2026-01-31T20:30:00.000Z' },
    { timeZone: null, devices: 1, online: 1, opensAt: '2026-02-01T02:00:00.000Z' },
  ]);
  expect(waves[0]?.endsAt).toBe('2026-02-01T02:01:00.000Z');
  expect(preview({}, { cells }).zones).toEqual([]);
});

test.each<[codes: string[], asked: object, facts?: Partial<PreviewFacts>]>([
  [['OFFLINE'], {}],
  [[], {}, { cells: [cell(3)] }],
  [['NO_DEVICES'], {}, { cells: [] }],
  [['NO_DEVICES'], {}, { cells: [cell(3, { current: true })] }],
  [['EMPTY_WAVE'], { waves: [{ query: 'tag = nobody' }, {}] }, { cells: [cell(3)] }],
  [['EMERGENCY_STOP'], {}, { cells: [cell(3)], halted: true }],
  [['DOWNLOAD_ONLY'], { policy: { mode: 'download' } }, { cells: [cell(3)] }],
  [['NEEDS_CONSENT'], { policy: { mode: 'soft' } }, { cells: [cell(3)] }],
  [['NO_TIME_ZONE'], { policy: { windows } }, { cells: [cell(3, { timeZone: null })] }],
  [[], { policy: { windows } }, { cells: [cell(3)] }],
  [['ENDS_TOO_EARLY'], { endAt: '2026-01-31T12:05:00Z' }, { cells: [cell(3)] }],
  [[], { endAt: '2026-01-31T12:15:00Z' }, { cells: [cell(3)] }],
])('%j is warned of: %j, %j', (expected, asked, facts) => {
  expect(codes(asked, facts)).toEqual(expected);
});

test('who goes first on devices of two rollouts is told', () => {
  const other = { rollout: RolloutId.parse(`rol_${'o'.repeat(16)}`), version: '1.2.5', devices: 4 };
  const overlaps = [{ ...other, priority: 60 }];
  const told = (priority?: number) =>
    preview({ priority }, { cells: [cell(9)], overlaps }).warnings.map(({ message }) => message);
  expect(told()).toEqual([
    expect.stringMatching(/1\.2\.5 \(priority 60\) is under way on 4 devices: this one waits for it/),
  ]);
  expect(told(70)).toEqual([expect.stringMatching(/this one goes first/)]);
});
