import { MAX_SIGNATURE_BYTES, SlipwayError } from '@slipway/protocol';

/**
 * The one form a signature may have: CMS SignedData (RFC 5652) in DER, detached, SHA-256, RSA, one signer, with signed
 * attributes. A signature does not cover all of its own envelope (versions, the digest algorithms, parameters), and
 * openssl accepts altered bytes there and bytes that follow; this check leaves them no room. Pure: the agent on the
 * device calls it as well, before openssl. It descends along a fixed path, so no nesting can exhaust it.
 */
const SEQUENCE = 0x30;
const SET = 0x31;
const CONTEXT_0 = 0xa0;
const OCTET_STRING = 0x04;
const INTEGER = 0x02;

const SIGNED_DATA_OID = '06092a864886f70d010702';
const VERSION_1 = '020101';
const SHA_256 = '300d06096086480165030402010500';
const RSA = '300d06092a864886f70d0101010500';
const DETACHED_DATA = '300b06092a864886f70d010701';
const CONTENT_TYPE_DATA = '301806092a864886f70d010903310b06092a864886f70d010701';
const MESSAGE_DIGEST = '302f06092a864886f70d01090431220420';
const SHA_256_BYTES = 32;

const invalid = (expected: string): SlipwayError =>
  new SlipwayError(
    'BUNDLE_SIGNATURE_INVALID',
    `signature: expected ${expected}; do not install it, find out where it came from.`,
    { details: { expected } },
  );

const hex = (bytes: Uint8Array): string =>
  [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');

/** Where in the signature something lies, in bytes. */
export type Part = { readonly offset: number; readonly length: number };

/** A signature taken apart. */
export type CmsShape = {
  /** `sha256:…` that the signed attributes give as that of the content */
  readonly messageDigest: string;
  /** DER, one behind the other; the first is the signer's */
  readonly certificates: Part;
  /** with tag and length, as they stand in the message: [0] instead of the SET that is signed (RFC 5652, 5.4) */
  readonly attributes: Part;
  /** by the key of the first certificate */
  readonly signature: Part;
};

/** What remains to be read of a value. */
type Cursor = { rest: Uint8Array };

/** Takes fixed bytes, given in hexadecimal. */
const literal = (cursor: Cursor, expected: string, what: string): void => {
  const length = expected.length / 2;
  if (hex(cursor.rest.subarray(0, length)) !== expected) throw invalid(what);
  cursor.rest = cursor.rest.subarray(length);
};

/** Takes an element with a minimal definite length below 64 KiB. */
const element = (cursor: Cursor, tag: number, what: string): Cursor => {
  const { rest } = cursor;
  const first = rest[1] ?? 0;
  const count = first < 0x80 ? 0 : first - 0x80;
  let length = count === 0 ? first : 0;
  for (const byte of rest.subarray(2, 2 + count)) length = length * 256 + byte;
  const minimal =
    // 0x80 is an indefinite length.
    first !== 0x80 && (count === 0 || (count === 1 && length >= 0x80) || (count === 2 && length >= 0x100));
  const end = 2 + count + length;
  if (rest[0] !== tag || !minimal || end > rest.length) throw invalid(what);
  cursor.rest = rest.subarray(end);
  return { rest: rest.subarray(2 + count, end) };
};

const end = (cursor: Cursor, what: string): void => {
  if (cursor.rest.length > 0) throw invalid(`nothing after ${what}`);
};

/**
 * Issuer and serial number of the first certificate, as a signer is named by. openssl compares names regardless of
 * case; here the bytes must agree.
 */
const nameOfCertificate = (certificates: Cursor): string => {
  const certificate = element(certificates, SEQUENCE, 'the certificate of the signer');
  const body = element(certificate, SEQUENCE, 'the body of a certificate');
  element(body, CONTEXT_0, 'the version of a certificate');
  const fromSerial = body.rest;
  element(body, INTEGER, 'a serial number');
  const serial = fromSerial.subarray(0, fromSerial.length - body.rest.length);
  element(body, SEQUENCE, 'an algorithm');
  const fromIssuer = body.rest;
  element(body, SEQUENCE, 'an issuer');
  return hex(fromIssuer.subarray(0, fromIssuer.length - body.rest.length)) + hex(serial);
};

/** @throws {SlipwayError} BUNDLE_SIGNATURE_INVALID */
export const verifyCmsShape = (der: Uint8Array): CmsShape => {
  const partOf = ({ byteOffset, length }: Uint8Array): Part => ({
    offset: byteOffset - der.byteOffset,
    length,
  });
  if (der.length > MAX_SIGNATURE_BYTES) throw invalid(`at most ${MAX_SIGNATURE_BYTES} bytes`);
  const whole = { rest: der };
  const contentInfo = element(whole, SEQUENCE, 'a ContentInfo');
  end(whole, 'the signature');
  literal(contentInfo, SIGNED_DATA_OID, 'SignedData');
  const explicit = element(contentInfo, CONTEXT_0, 'SignedData');
  end(contentInfo, 'SignedData');
  const signedData = element(explicit, SEQUENCE, 'SignedData');
  end(explicit, 'SignedData');

  literal(signedData, VERSION_1, 'version 1');
  literal(signedData, `310f${SHA_256}`, 'SHA-256 as the only digest algorithm');
  literal(signedData, DETACHED_DATA, 'detached data');
  const certificates = element(signedData, CONTEXT_0, 'certificates').rest;
  const leaf = nameOfCertificate({ rest: certificates });
  const signers = element(signedData, SET, 'signers');
  end(signedData, 'the signers');

  const signer = element(signers, SEQUENCE, 'a signer');
  end(signers, 'the one signer');
  literal(signer, VERSION_1, 'version 1 of the signer');
  const identifier = element(signer, SEQUENCE, 'issuer and serial number');
  literal(identifier, leaf, 'the first certificate as signer');
  end(identifier, 'the serial number');
  literal(signer, SHA_256, 'SHA-256 as the digest of the signer');
  const fromAttributes = signer.rest;
  const attributes = element(signer, CONTEXT_0, 'signed attributes');
  const signed = fromAttributes.subarray(0, fromAttributes.length - signer.rest.length);
  literal(attributes, CONTENT_TYPE_DATA, 'the content type as first attribute');
  literal(attributes, MESSAGE_DIGEST, 'the digest of the content as second attribute');
  if (attributes.rest.length !== SHA_256_BYTES) throw invalid('32 bytes of digest');
  literal(signer, RSA, 'RSA');
  const signature = element(signer, OCTET_STRING, 'the signature itself').rest;
  end(signer, 'the signature itself');
  return {
    messageDigest: `sha256:${hex(attributes.rest)}`,
    certificates: partOf(certificates),
    attributes: partOf(signed),
    signature: partOf(signature),
  };
};
