/** As much of DER as signatures for firmware need, which node-forge and openssl make only with the time in them. */

const header = (tag: number, length: number): Buffer => {
  if (length < 0x80) return Buffer.from([tag, length]);
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return Buffer.from([tag, 0x80 | bytes.length, ...bytes]);
};

export const tlv = (tag: number, ...parts: readonly Uint8Array[]): Buffer => {
  const content = Buffer.concat(parts);
  return Buffer.concat([header(tag, content.length), content]);
};

export const sequence = (...parts: readonly Uint8Array[]): Buffer => tlv(0x30, ...parts);

/** DER sorts the members of a SET by their encoding. */
export const set = (...parts: readonly Uint8Array[]): Buffer =>
  tlv(0x31, ...parts.toSorted((one, other) => Buffer.compare(one, other)));

export const octets = (content: Uint8Array): Buffer => tlv(0x04, content);

export const NULL = Buffer.from([0x05, 0x00]);

export const smallInteger = (value: number): Buffer => tlv(0x02, Buffer.from([value]));

/** @param hex two's complement, as certificates print their serial numbers */
export const integerFromHex = (hex: string): Buffer => tlv(0x02, Buffer.from(hex, 'hex'));

export const objectId = (dotted: string): Buffer => {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes = [first * 40 + second];
  for (const arc of rest) {
    const group = [arc % 128];
    for (let high = Math.floor(arc / 128); high > 0; high = Math.floor(high / 128))
      group.unshift(0x80 | (high % 128));
    bytes.push(...group);
  }
  return tlv(0x06, Buffer.from(bytes));
};
