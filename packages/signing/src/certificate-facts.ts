import { X509Certificate } from 'node:crypto';
import { SlipwayError, type ErrorCode } from '@slipway/protocol';
import { verifyCmsShape } from './cms-shape.ts';
import { keySha256Of } from './key-hash.ts';

/** What a certificate says, and the key it says it of; nothing of it is verified. */
export type CertificateFacts = {
  readonly certificatePem: string;
  /** SHA-256 of the SubjectPublicKeyInfo, in hexadecimal digits: the same key has it in every certificate */
  readonly keySha256: string;
  readonly subject: string;
  /** hexadecimal, lower case */
  readonly serial: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
};

const factsOf = (certificate: X509Certificate): CertificateFacts => ({
  certificatePem: certificate.toString(),
  keySha256: keySha256Of(certificate.publicKey),
  subject: certificate.subject.replaceAll('\n', ', '),
  serial: certificate.serialNumber.toLowerCase(),
  notBefore: certificate.validFromDate,
  notAfter: certificate.validToDate,
});

const parse = (bytes: string | Uint8Array, code: ErrorCode): CertificateFacts => {
  try {
    return factsOf(new X509Certificate(bytes));
  } catch (cause) {
    throw new SlipwayError(code, 'Expected a certificate, found one that does not parse.', { cause });
  }
};

/**
 * The certificates of a file, in their order.
 *
 * @throws {SlipwayError} CONFIG_INVALID
 */
export const readCertificates = (pem: string): CertificateFacts[] => {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g);
  if (blocks === null)
    throw new SlipwayError('CONFIG_INVALID', 'Expected certificates in PEM, found something else.');
  return blocks.map((block) => parse(block, 'CONFIG_INVALID'));
};

/**
 * The certificates that came with a signature, that of the signer first.
 *
 * @throws {SlipwayError} BUNDLE_SIGNATURE_INVALID
 */
export const certificatesOfSignature = (der: Uint8Array): CertificateFacts[] => {
  const { offset, length } = verifyCmsShape(der).certificates;
  const found: CertificateFacts[] = [];
  let rest = der.subarray(offset, offset + length);
  while (rest.length > 0) {
    const end = lengthOfElement(rest);
    found.push(parse(rest.subarray(0, end), 'BUNDLE_SIGNATURE_INVALID'));
    rest = rest.subarray(end);
  }
  return found;
};

/** With tag and length, which for a certificate takes two bytes (X.690, 8.1.3.5). */
const lengthOfElement = (der: Uint8Array): number =>
  der[1] === 0x82 ? 4 + (der[2] ?? 0) * 256 + (der[3] ?? 0) : Number.MAX_SAFE_INTEGER;
