import { createHash } from 'node:crypto';

/** A UUID that depends on the name alone, so that two builds of one thing carry the same. RFC 9562, version 8. */
export const uuidOf = (name: string): string => {
  const bytes = createHash('sha256').update(`slipway ${name}`).digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
};

/** Sixteen digits that tell one key from another in identifiers of a document. */
export const shortHash = (key: string): string => createHash('sha256').update(key).digest('hex').slice(0, 16);
