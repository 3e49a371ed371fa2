import { MAX_PACKET_BYTES } from '@slipway/device-agent/simulation';
import { generate, parser, writeToStream, type Packet } from 'mqtt-packet';

// A buffer for each of 65,536 numbers is 20 MB.
writeToStream.cacheNumbers = false;

const V5 = { protocolVersion: 5 } as const;
const MAX_LENGTH_BYTES = 4;

export const encodePacket = (packet: Packet): Buffer => generate(packet, V5);

/** @returns undefined where the end is still to come */
const sizeOf = (bytes: Buffer, from: number): number | undefined => {
  let length = 0;
  for (let at = 1; at <= MAX_LENGTH_BYTES; at++) {
    const byte = bytes[from + at];
    if (byte === undefined) return undefined;
    length += (byte & 0x7f) * 128 ** (at - 1);
    if ((byte & 0x80) === 0) return 1 + at + length;
  }
  throw new Error('a packet gives its length in more than four bytes');
};

/**
 * Whole packets out of a stream of bytes. A parser for each device would cost more than the rest of the device, and most
 * of the time there is nothing half read: one does for all.
 *
 * @returns what is left over; a copy, so that the buffer may be used again
 */
export const splitPackets = (
  before: Buffer | null,
  chunk: Buffer,
  onPacket: (packet: Buffer) => void,
): Buffer | null => {
  const bytes = before === null ? chunk : Buffer.concat([before, chunk]);
  let at = 0;
  while (at < bytes.length) {
    const size = sizeOf(bytes, at);
    if (size !== undefined && size > MAX_PACKET_BYTES) throw new Error(`a packet of ${size} bytes`);
    if (size === undefined || at + size > bytes.length) break;
    onPacket(bytes.subarray(at, at + size));
    at += size;
  }
  if (at === bytes.length) return null;
  return Buffer.from(bytes.subarray(at));
};

let shared = parser(V5);
let found: Packet | undefined;
const listen = (): void => {
  shared.on('packet', (packet) => (found = packet));
  shared.on('error', (error: unknown) => {
    shared = parser(V5);
    listen();
    throw error;
  });
};
listen();

/**
 * @param bytes one whole packet
 * @throws where it is none
 */
export const decodePacket = (bytes: Buffer): Packet => {
  found = undefined;
  shared.parse(bytes);
  if (found === undefined) throw new Error('half a packet');
  return found;
};
