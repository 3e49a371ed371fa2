import { LiveEvent } from '@slipway/protocol';
import { expect, test } from 'vitest';
import { staleKeys } from './stale-keys.ts';

const KINDS = LiveEvent.options.map(({ shape }) => shape.kind.value).filter((kind) => kind !== 'reset');

test.each(KINDS)('an event of kind %s makes some answers untrue', (kind) =>
  expect(staleKeys({ kind })?.length).toBeGreaterThan(0),
);
test('after a reset nothing counts any more', () => expect(staleKeys({ kind: 'reset' })).toBeUndefined());
