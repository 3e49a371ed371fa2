import { crc32 } from 'node:zlib';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { combineCrc32 } from './crc32.ts';

test('the checksum of two runs is that of both behind one another', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ maxLength: 300 }), (first, second) => {
      const both = Buffer.concat([first, second]);
      expect(combineCrc32(crc32(first), crc32(second), second.length)).toBe(crc32(both));
    }),
  );
});

test('a long run of zeros counts', () => {
  const zeros = Buffer.alloc(5_000_011);
  expect(combineCrc32(crc32('x'), crc32(zeros), zeros.length)).toBe(
    crc32(Buffer.concat([Buffer.from('x'), zeros])),
  );
});
