import { crc32 } from './boot/crc32.ts';

/**
 * One copy of the state as bytes: a line `slipway-state 1 <sequence> <length> <CRC32 in hex>`, then as many bytes of
 * JSON as the line says. The CRC covers sequence and JSON. What follows is room that the copy had before or may need
 * later, and counts for nothing.
 */
const HEAD = /^slipway-state 1 (\d{1,15}) (\d{1,9}) ([0-9a-f]{8})\n/;
const MAX_HEAD_BYTES = 64;

export type StateRecord = { readonly sequence: number; readonly json: string };

const crcOf = (sequence: number, body: Uint8Array): string => {
  const prefix = new TextEncoder().encode(`${sequence}\n`);
  const bytes = new Uint8Array(prefix.length + body.length);
  bytes.set(prefix);
  bytes.set(body, prefix.length);
  return crc32(bytes).toString(16).padStart(8, '0');
};

export const encodeRecord = ({ sequence, json }: StateRecord): Uint8Array => {
  const body = new TextEncoder().encode(json);
  const head = new TextEncoder().encode(
    `slipway-state 1 ${sequence} ${body.length} ${crcOf(sequence, body)}\n`,
  );
  const bytes = new Uint8Array(head.length + body.length);
  bytes.set(head);
  bytes.set(body, head.length);
  return bytes;
};

/** @returns undefined where the bytes are torn, damaged or something else */
export const decodeRecord = (bytes: Uint8Array): StateRecord | undefined => {
  const head = HEAD.exec(new TextDecoder().decode(bytes.subarray(0, MAX_HEAD_BYTES)));
  if (head === null) return undefined;
  const [line, sequence, length, crc] = [head[0], Number(head[1]), Number(head[2]), head[3]];
  const body = bytes.subarray(line.length, line.length + length);
  if (body.length !== length || crcOf(sequence, body) !== crc) return undefined;
  return { sequence, json: new TextDecoder().decode(body) };
};

export type Copy = 'a' | 'b';

/** The newer of the copies that can be read, and the one to be written over next. */
export const newestOf = <T extends { readonly sequence: number }>(
  a: T | undefined,
  b: T | undefined,
): { readonly newest: T | undefined; readonly next: Copy } => {
  const isB = b !== undefined && (a === undefined || b.sequence > a.sequence);
  return { newest: isB ? b : a, next: isB || a === undefined ? 'a' : 'b' };
};
