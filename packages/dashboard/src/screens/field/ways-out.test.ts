import { PackageFinding } from '@slipway/protocol';
import { expect, test } from 'vitest';
import { waysOut } from './ways-out.ts';

type OfClass = PackageFinding['byClass'][number];
const of = (value: unknown): OfClass => PackageFinding.shape.byClass.element.parse(value);
const [one, two] = [
  { id: 'rel_0000000000000001', version: '1.1.0' },
  { id: 'rel_0000000000000002', version: '1.2.0' },
];
const query = 'package.openssl < 3.5.8';

test('devices take the newest of their class, or of the channel that they follow: one rollout for each release', () => {
  const { ways, stuck } = waysOut(
    of({
      deviceClass: 'edge',
      devices: 10,
      update: two,
      channels: [
        { channel: 'stable', devices: 4, update: one },
        { channel: null, devices: 3, update: two },
        { channel: 'beta', devices: 2, update: two },
        { channel: 'slow', devices: 1, update: null },
      ],
    }),
    query,
  );
  expect(ways.map(({ update, devices, channels }) => [update.version, devices, channels])).toEqual([
    ['1.2.0', 5, [null, 'beta']],
    ['1.1.0', 4, ['stable']],
  ]);
  expect(stuck).toEqual([{ channel: 'slow', devices: 1 }]);
  expect(ways[0]?.to).toBe(
    '/rollouts/new?release=rel_0000000000000002&query=package.openssl+%3C+3.5.8&step=2',
  );
});

test('an older server tells of no channels', () => {
  const old = { deviceClass: 'edge', devices: 10, update: one };
  expect(waysOut(of(old), query)).toMatchObject({ ways: [{ devices: 10 }], stuck: [] });
  expect(waysOut(of({ ...old, update: null }), query)).toEqual({
    ways: [],
    stuck: [{ channel: null, devices: 10 }],
  });
});
