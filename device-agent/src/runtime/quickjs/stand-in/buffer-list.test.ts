import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { BufferList } from './buffer-list.ts';

test('reads and consumes what was appended as if it were one piece', () => {
  const step = fc.oneof(
    fc.record({ append: fc.uint8Array({ maxLength: 20 }) }),
    fc.record({ consume: fc.nat(25) }),
    fc.record({ slice: fc.tuple(fc.nat(40), fc.nat(40)) }),
    fc.record({ read: fc.nat(40) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const list = new BufferList();
      let model = Buffer.alloc(0);
      for (const one of steps) {
        let seen: unknown[] = [];
        let expected: unknown[] = [];
        if ('append' in one) {
          list.append(one.append);
          model = Buffer.concat([model, one.append]);
        } else if ('consume' in one) {
          list.consume(one.consume);
          model = model.subarray(one.consume);
        } else if ('slice' in one) {
          const [from, to] = one.slice;
          seen = Array.from(list.slice(from, to));
          expected = Array.from(model.subarray(from, to));
        } else if (one.read + 4 <= model.length) {
          seen = [list.readUInt8(one.read), list.readUInt16BE(one.read), list.readUInt32BE(one.read)];
          expected = [model.readUInt8(one.read), model.readUInt16BE(one.read), model.readUInt32BE(one.read)];
        }
        expect(seen).toEqual(expected);
        expect(list.length).toBe(model.length);
      }
    }),
  );
});
