import { expect, test } from 'vitest';
import { MAX_PACKET_BYTES } from '../port.ts';
import { encodePacket, packetReader, type Packet } from './mqtt-codec.ts';

const PART = Buffer.alloc(64 * 1024, 0x78);

const listen = () => {
  const packets: Packet[] = [];
  const errors: string[] = [];
  const read = packetReader(
    (packet) => packets.push(packet),
    ({ message }) => errors.push(message),
  );
  return { packets, errors, read };
};

test('a packet without end is given up where a packet must have ended, and nothing is read after it', () => {
  const { packets, errors, read } = listen();
  // A publication of 256 MiB, as long as MQTT can say.
  read(Buffer.from([0x30, 0xff, 0xff, 0xff, 0x7f]));
  let bytes = 0;
  for (; errors.length === 0 && bytes < 2 * MAX_PACKET_BYTES; bytes += PART.length) read(PART);
  expect(errors).toEqual([`a packet of more than ${MAX_PACKET_BYTES} bytes`]);
  expect(bytes).toBeLessThanOrEqual(MAX_PACKET_BYTES + PART.length);
  read(Buffer.from(encodePacket({ cmd: 'pingresp' })));
  expect({ packets, errors: errors.length }).toEqual({ packets: [], errors: 1 });
});

test('one of the largest size that was agreed is taken, in parts as they come', () => {
  const { packets, errors, read } = listen();
  const payload = Buffer.alloc(MAX_PACKET_BYTES - 1024, 1);
  const packet = Buffer.from(
    encodePacket({ cmd: 'publish', topic: 'a', payload, qos: 0, dup: false, retain: false }),
  );
  for (let at = 0; at < packet.length; at += PART.length) read(packet.subarray(at, at + PART.length));
  expect(errors).toEqual([]);
  expect(packets).toHaveLength(1);
});
