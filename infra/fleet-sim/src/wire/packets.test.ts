import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodePacket, encodePacket, splitPackets } from './packets.ts';

const publish = (payload: string) =>
  encodePacket({ cmd: 'publish', topic: 't', payload, qos: 0, dup: false, retain: false });

test('packets come whole and in order, however the bytes are cut', () => {
  const payloads = fc.array(fc.string({ maxLength: 300 }), { maxLength: 8 });
  fc.assert(
    fc.property(payloads, fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), (sent, sizes) => {
      const bytes = Buffer.concat(sent.map(publish));
      const seen: string[] = [];
      let rest: Buffer | null = null;
      for (let at = 0, turn = 0; at < bytes.length; turn++) {
        const size = sizes[turn % sizes.length] ?? 1;
        rest = splitPackets(rest, bytes.subarray(at, at + size), (packet) => {
          const decoded = decodePacket(packet);
          seen.push(decoded.cmd === 'publish' ? decoded.payload.toString() : decoded.cmd);
        });
        at += size;
      }
      expect(rest).toBeNull();
      expect(seen).toEqual(sent);
    }),
  );
});

test('what is no packet throws, and the next one is read all the same', () => {
  expect(() => splitPackets(null, Buffer.from([0x30, 0xff, 0xff, 0xff, 0xff, 1]), () => undefined)).toThrow(
    'four bytes',
  );
  expect(() => decodePacket(Buffer.from([0xf7, 0x00]))).toThrow(/packet|flag/i);
  expect(decodePacket(publish('well'))).toMatchObject({ cmd: 'publish' });
});
