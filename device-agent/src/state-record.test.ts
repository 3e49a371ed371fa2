import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeRecord, encodeRecord, newestOf } from './state-record.ts';

const record = fc.record({ sequence: fc.nat(), json: fc.string({ unit: 'binary' }) });

test('a record comes back, whatever follows it', () => {
  fc.assert(
    fc.property(record, fc.uint8Array({ maxLength: 100 }), ({ sequence, json }, rest) => {
      const text = new TextDecoder().decode(new TextEncoder().encode(json));
      const bytes = encodeRecord({ sequence, json: text });
      const found = new Uint8Array(bytes.length + rest.length);
      found.set(bytes);
      found.set(rest, bytes.length);
      // A byte order mark at the beginning is taken for one; JSON has none.
      fc.pre(!text.startsWith('\uFEFF'));
      expect(decodeRecord(found)).toEqual({ sequence, json: text });
    }),
  );
});

test('a record with one bit changed, or cut short anywhere, is none', () => {
  const bytes = encodeRecord({ sequence: 41, json: '{"v":1,"connection":7}' });
  for (let at = 0; at < bytes.length; at++) {
    expect(decodeRecord(bytes.subarray(0, at)), `cut at ${at}`).toBeUndefined();
    for (let bit = 0; bit < 8; bit++) {
      const changed = bytes.slice();
      changed[at] = (changed[at] ?? 0) ^ (1 << bit);
      expect(decodeRecord(changed), `bit ${bit} of byte ${at}`).toBeUndefined();
    }
  }
});

test('half of a new record over an old one is none', () => {
  const [old, fresh] = [
    encodeRecord({ sequence: 1, json: `"${'o'.repeat(500)}"` }),
    encodeRecord({ sequence: 3, json: `"${'n'.repeat(500)}"` }),
  ];
  // The last byte is the same in both.
  for (let at = 1; at < fresh.length - 1; at++) {
    const torn = old.slice();
    torn.set(fresh.subarray(0, at));
    const found = decodeRecord(torn);
    expect([undefined, 1]).toContain(found?.sequence);
  }
});

test('the newer of two records counts, and the older is written over next', () => {
  const [one, two] = [{ sequence: 1 }, { sequence: 2 }];
  expect(newestOf(one, two)).toEqual({ newest: two, next: 'a' });
  expect(newestOf(two, one)).toEqual({ newest: two, next: 'b' });
  expect(newestOf(one, undefined)).toEqual({ newest: one, next: 'b' });
  expect(newestOf(undefined, one)).toEqual({ newest: one, next: 'a' });
  expect(newestOf(undefined, undefined)).toEqual({ newest: undefined, next: 'a' });
});
