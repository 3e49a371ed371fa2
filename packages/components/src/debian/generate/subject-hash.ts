import { createHash } from 'node:crypto';

/** A DER value: `tag` as it stands, `content` without tag and length, `next` after it. */
type Der = { readonly tag: number; readonly content: Uint8Array; readonly next: number };

const readDer = (bytes: Uint8Array, at: number): Der => {
  const tag = bytes[at];
  const first = bytes[at + 1];
  if (tag === undefined || first === undefined) throw new RangeError('a DER value is cut short');
  const lengthBytes = first < 0x80 ? 0 : first & 0x7f;
  if (lengthBytes > 4) throw new RangeError('a DER value is too long');
  let length = first < 0x80 ? first : 0;
  for (let index = 0; index < lengthBytes; index += 1) length = length * 256 + (bytes[at + 2 + index] ?? 0);
  const start = at + 2 + lengthBytes;
  if (start + length > bytes.length) throw new RangeError('a DER value is cut short');
  return { tag, content: bytes.subarray(start, start + length), next: start + length };
};

const childrenOf = (bytes: Uint8Array): Der[] => {
  const children: Der[] = [];
  for (let at = 0; at < bytes.length;) {
    const child = readDer(bytes, at);
    children.push(child);
    at = child.next;
  }
  return children;
};

const encodeDer = (tag: number, content: Uint8Array): Buffer => {
  const { length } = content;
  const size: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) size.unshift(rest % 256);
  const header = length < 0x80 ? [tag, length] : [tag, 0x80 | size.length, ...size];
  return Buffer.concat([Buffer.from(header), content]);
};

const decoder = { latin1: new TextDecoder('latin1'), utf16: new TextDecoder('utf-16be') };
const UTF8_STRING = 0x0c;

const fromUtf32 = (bytes: Uint8Array): string => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let text = '';
  for (let at = 0; at + 4 <= bytes.length; at += 4) text += String.fromCodePoint(view.getUint32(at));
  return text;
};

/** The kinds of text that a name may be written in. */
const TEXTS = new Map<number, (bytes: Uint8Array) => string>([
  [UTF8_STRING, (bytes) => Buffer.from(bytes).toString('utf8')],
  [0x13, (bytes) => decoder.latin1.decode(bytes)],
  [0x14, (bytes) => decoder.latin1.decode(bytes)],
  [0x16, (bytes) => decoder.latin1.decode(bytes)],
  [0x1a, (bytes) => decoder.latin1.decode(bytes)],
  [0x1c, fromUtf32],
  [0x1e, (bytes) => decoder.utf16.decode(bytes)],
]);

/** Only ASCII has case and spaces here. */
const canonicalText = (text: string): string =>
  text
    .replaceAll(/[\t-\r ]+/g, ' ')
    .replaceAll(/^ | $/g, '')
    .replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());

const canonicalAttribute = ({ tag, content }: Der): Buffer => {
  const [type, value] = childrenOf(content);
  if (type === undefined || value === undefined) throw new RangeError('an attribute of a name has no value');
  const text = TEXTS.get(value.tag)?.(value.content);
  const canonical =
    text === undefined
      ? encodeDer(value.tag, value.content)
      : encodeDer(UTF8_STRING, Buffer.from(canonicalText(text)));
  return encodeDer(tag, Buffer.concat([encodeDer(type.tag, type.content), canonical]));
};

/** The subject of a certificate: the sixth field of what is signed, or the fifth of version 1. */
const subjectOf = (certificate: Uint8Array): Uint8Array => {
  const [signed] = childrenOf(readDer(certificate, 0).content);
  const fields = signed === undefined ? [] : childrenOf(signed.content);
  const subject = fields[fields[0]?.tag === 0xa0 ? 5 : 4];
  if (subject === undefined) throw new RangeError('a certificate has no subject');
  return subject.content;
};

/**
 * The name under which OpenSSL looks for a certificate in a directory: of its subject, in a canonical form that is
 * the same however the text is written.
 *
 * @param certificate DER
 * @throws {RangeError} if it is none
 * @see X509_NAME_hash(3), openssl-rehash(1)
 */
export const subjectHash = (certificate: Uint8Array): string => {
  const sets = childrenOf(subjectOf(certificate)).map(({ tag, content }) =>
    encodeDer(
      tag,
      Buffer.concat(
        childrenOf(content)
          .map(canonicalAttribute)
          .sort((a, b) => Buffer.compare(a, b)),
      ),
    ),
  );
  return createHash('sha1')
    .update(Buffer.concat(sets))
    .digest()
    .readUInt32LE(0)
    .toString(16)
    .padStart(8, '0');
};
