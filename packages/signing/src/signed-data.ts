import { createHash, createSign } from 'node:crypto';
import type { Identity } from './certificates.ts';
import { integerFromHex, NULL, objectId, octets, sequence, set, smallInteger, tlv } from './der.ts';
import { x509 } from './x509.ts';

const SIGNED_DATA = objectId('1.2.840.113549.1.7.2');
const CONTENT_TYPE = objectId('1.2.840.113549.1.9.3');
const MESSAGE_DIGEST = objectId('1.2.840.113549.1.9.4');
const RSA = sequence(objectId('1.2.840.113549.1.1.1'), NULL);
export const SHA256 = sequence(objectId('2.16.840.1.101.3.4.2.1'), NULL);

const certificateDer = (pem: string): { der: Buffer; issuer: Buffer; serial: Buffer } => {
  const certificate = new x509.X509Certificate(pem);
  return {
    der: Buffer.from(certificate.rawData),
    issuer: Buffer.from(certificate.issuerName.toArrayBuffer()),
    serial: integerFromHex(certificate.serialNumber),
  };
};

const rsaSign = (bytes: Uint8Array, keyPem: string): Buffer =>
  createSign('sha256').update(bytes).sign(keyPem);

/**
 * PKCS #7 SignedData with one RSA signer, as firmware reads it: SHA-256, no time in it, so that the same input gives
 * the same bytes.
 *
 * @param content what the signature is about; `embedded` goes inside, `detached` does not and is signed as it is
 * @see RFC 2315, section 9
 */
export const encodeSignedData = (
  content:
    | {
        readonly kind: 'embedded';
        readonly type: Buffer;
        readonly der: Uint8Array;
        readonly digested: Uint8Array;
      }
    | { readonly kind: 'detached'; readonly type: Buffer; readonly bytes: Uint8Array },
  signer: Identity,
): Buffer => {
  const { der, issuer, serial } = certificateDer(signer.certificatePem);
  const attributes =
    content.kind === 'detached'
      ? undefined
      : [
          sequence(CONTENT_TYPE, set(content.type)),
          sequence(MESSAGE_DIGEST, set(octets(createHash('sha256').update(content.digested).digest()))),
        ];
  // Signed as a SET, written with a tag of its own.
  const asSet = attributes === undefined ? undefined : set(...attributes);
  const asWritten =
    asSet === undefined ? Buffer.alloc(0) : Buffer.concat([Buffer.from([0xa0]), asSet.subarray(1)]);
  const signature = rsaSign(content.kind === 'detached' ? content.bytes : (asSet ?? NULL), signer.keyPem);
  return sequence(
    smallInteger(1),
    set(SHA256),
    content.kind === 'detached' ? sequence(content.type) : sequence(content.type, tlv(0xa0, content.der)),
    tlv(0xa0, der),
    set(sequence(smallInteger(1), sequence(issuer, serial), SHA256, asWritten, RSA, octets(signature))),
  );
};

/** The same as the ContentInfo that files carry. */
export const asContentInfo = (signedData: Uint8Array): Buffer => sequence(SIGNED_DATA, tlv(0xa0, signedData));
