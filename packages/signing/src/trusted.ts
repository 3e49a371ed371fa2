import { createPrivateKey, X509Certificate } from 'node:crypto';
import { SlipwayError } from '@slipway/protocol';
import type { Identity } from './certificates.ts';
import { keySha256Of } from './key-hash.ts';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
const KEY = /-----BEGIN (?:EC |RSA )?PRIVATE KEY-----[^-]+-----END (?:EC |RSA )?PRIVATE KEY-----/g;

const blocksOf = (pem: string, of: RegExp): string[] => (pem.match(of) ?? []).map((block) => `${block}\n`);

/** SHA-256 of the key of a certificate, in hexadecimal digits: its id. */
export const keyIdOf = (certificatePem: string): string =>
  keySha256Of(new X509Certificate(certificatePem).publicKey);

/**
 * The certificates of a file of trusted authorities, one PEM each. The first is the one that is worked with; those after
 * it are trusted beside it while one takes the place of the other.
 *
 * @throws {SlipwayError} CONFIG_INVALID where there is none
 */
export const splitCertificates = (pem: string): readonly [string, ...string[]] => {
  const [first, ...others] = blocksOf(pem, CERTIFICATE);
  if (first !== undefined) return [first, ...others];
  throw new SlipwayError('CONFIG_INVALID', 'Expected certificates in PEM, found something else.');
};

/**
 * The authorities of a file of certificates and one of keys, in the order of the certificates. Every one needs its key: what
 * is trusted must be possible to take back.
 *
 * @throws {SlipwayError} CONFIG_INVALID
 */
export const readAuthorities = (
  certificatesPem: string,
  keysPem: string,
): readonly [Identity, ...Identity[]] => {
  const keys = blocksOf(keysPem, KEY);
  const withKey = (certificatePem: string): Identity => {
    const certificate = new X509Certificate(certificatePem);
    const keyPem = keys.find((key) => certificate.checkPrivateKey(createPrivateKey(key)));
    if (keyPem !== undefined) return { certificatePem, keyPem };
    throw new SlipwayError(
      'CONFIG_INVALID',
      `Expected the key of ${certificate.subject} among the keys of the authority, found ${keys.length} of others. Put it there, or take the certificate out.`,
    );
  };
  const [first, ...others] = splitCertificates(certificatesPem);
  return [withKey(first), ...others.map(withKey)];
};
