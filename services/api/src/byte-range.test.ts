import { expect, test } from 'vitest';
import { parseRange } from './byte-range.ts';

test.each([
  [undefined, 'whole'],
  ['bytes=0-', { start: 0, end: 99 }],
  ['bytes=10-19', { start: 10, end: 19 }],
  ['bytes=10-1000', { start: 10, end: 99 }],
  ['bytes=-5', { start: 95, end: 99 }],
  ['bytes=-500', { start: 0, end: 99 }],
  ['bytes=100-', 'unsatisfiable'],
  ['bytes=-0', 'unsatisfiable'],
  ['bytes=9-3', 'whole'],
  ['bytes=-', 'whole'],
  // Several ranges, and units that are none: a server may send everything.
  ['bytes=0-1,5-6', 'whole'],
  ['lines=0-1', 'whole'],
])('%s of 100 bytes is %j', (header, range) => {
  expect(parseRange(header, 100, '"a"', undefined)).toEqual(range);
});

test('a part of what the file was before is not given', () => {
  expect(parseRange('bytes=0-9', 100, '"a"', '"a"')).toEqual({ start: 0, end: 9 });
  expect(parseRange('bytes=0-9', 100, '"a"', '"b"')).toBe('whole');
  expect(parseRange('bytes=0-9', 0, '"a"', undefined)).toBe('unsatisfiable');
});
