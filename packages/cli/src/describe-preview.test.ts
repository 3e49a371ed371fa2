import { expect, test } from 'vitest';
import { RolloutPreview } from '@slipway/protocol';
import { describePreview, previewLine } from './describe-preview.ts';

const MIB = 1024 * 1024;
const preview = (over: object = {}): RolloutPreview =>
  RolloutPreview.parse({
    release: `rel_${'a'.repeat(16)}`,
    deviceClass: 'edge-x86',
    version: '1.3.0',
    devices: 100,
    current: 1,
    online: 93,
    waves: [
      {
        index: 0,
        name: 'canary',
        who: { devices: ['dev-1'] },
        devices: 1,
        current: 0,
        online: 1,
        bytes: { most: 100 * MIB, expected: 25 * MIB },
        duration: { least: 3600, likely: 4200, slow: 4800 },
        startsAt: '2026-01-31T12:00:00.000Z',
        endsAt: '2026-01-31T13:10:00.000Z',
        approval: false,
      },
      {
        index: 1,
        name: null,
        who: {},
        devices: 99,
        current: 1,
        online: 92,
        bytes: { most: 9800 * MIB, expected: 2450 * MIB },
        duration: { least: 0, likely: 600, slow: 1200 },
        startsAt: '2026-01-31T13:10:00.000Z',
        endsAt: '2026-01-31T13:20:00.000Z',
        approval: true,
      },
    ],
    routes: [
      { from: '1.2.0', through: [], devices: 96 },
      { from: null, through: [{ release: `rel_${'b'.repeat(16)}`, version: '1.1.0' }], devices: 3 },
    ],
    zones: [],
    bytes: { most: 9900 * MIB, expected: 2475 * MIB },
    duration: { least: 3600, likely: 4800, slow: 6000 },
    basis: { updates: 37, of: 'class' },
    overlaps: [],
    warnings: [{ code: 'OFFLINE', message: '6 devices not connected' }],
    ...over,
  });

test('devices, bytes, time, waves, routes and warnings are told before it starts', () => {
  expect(describePreview(preview())).toBe(
    [
      '1.3.0 of edge-x86 to 99 devices, 93 of them online; 1 more runs it already',
      'likely 2.4 GiB, at most 9.7 GiB to load; about 1h 20m, if devices are slow 1h 40m, and until somebody has approved',
      'estimated by 37 earlier updates of edge-x86, for the devices that are online',
      '',
      'WAVE      WHO             DEVICES  ONLINE  BYTES     TAKES   FROM              TO',
      '1 canary  dev-1           1        1       25.0 MiB  1h 10m  2026-01-31 12:00  2026-01-31 13:10',
      '2         everybody left  99       92      2.4 GiB   10m     2026-01-31 13:10  2026-01-31 13:20  after approval',
      '',
      'ROUTE                    DEVICES',
      '1.2.0 → 1.3.0            96',
      'unknown → 1.1.0 → 1.3.0  3',
      '',
      'warning: 6 devices not connected',
    ].join('\n'),
  );
});

test('where there are windows, the zones of devices are told', () => {
  const zones = [
    { timeZone: 'Europe/Vienna', devices: 90, online: 88, opensAt: '2026-02-01T01:00:00.000Z' },
    { timeZone: '+05:30', devices: 7, online: 4, opensAt: '2026-01-31T20:30:00.000Z' },
    { timeZone: null, devices: 2, online: 1, opensAt: '2026-02-01T02:00:00.000Z' },
  ];
  expect(describePreview(preview({ zones }))).toContain(
    [
      'TIME ZONE               DEVICES  ONLINE  FIRST WINDOW',
      'Europe/Vienna           90       88      2026-02-01 01:00',
      'UTC+05:30               7        4       2026-01-31 20:30',
      'unknown, taken for UTC  2        1       2026-02-01 02:00',
    ].join('\n'),
  );
});

test('the same in one line', () => {
  expect(previewLine(preview())).toBe(
    '1.3.0 of edge-x86 to 99 devices, 93 of them online; 1 more runs it already; 2 waves; ' +
      'likely 2.4 GiB, at most 9.7 GiB to load; about 1h 20m, if devices are slow 1h 40m, and until somebody has approved',
  );
});

test('what nobody can know is not made up', () => {
  const unknown = { least: 3600, likely: null, slow: null };
  const text = describePreview(
    preview({
      bytes: { most: 9900 * MIB, expected: null },
      duration: unknown,
      basis: { updates: 0, of: 'class' },
      waves: preview()
        .waves.slice(0, 1)
        .map((wave) => ({
          ...wave,
          bytes: { most: 100 * MIB, expected: null },
          duration: unknown,
          startsAt: null,
          endsAt: null,
        })),
      routes: [],
      warnings: [],
    }),
  );
  expect(text).toBe(
    [
      '1.3.0 of edge-x86 to 99 devices, 93 of them online; 1 more runs it already',
      'at most 9.7 GiB to load; at least 1h, and as long as devices take: none of edge-x86 has updated yet',
      '',
      'WAVE      WHO    DEVICES  ONLINE  BYTES        TAKES  FROM  TO',
      '1 canary  dev-1  1        1       ≤ 100.0 MiB  ≥ 1h   -     -',
    ].join('\n'),
  );
});
