import { verify, X509Certificate } from 'node:crypto';
import { DeviceId, RENEWAL_GRACE_DAYS, renewalProof, SlipwayError } from '@slipway/protocol';
import { keySha256Of } from './key-hash.ts';
import { splitCertificates } from './trusted.ts';

const DAY_MS = 86_400_000;
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';

const invalid = (found: string, cause?: unknown): SlipwayError =>
  new SlipwayError(
    'CERTIFICATE_INVALID',
    `Expected a certificate that our device authority gave to this device, and a request proven by its key; found ${found}. Enrol the device anew with a claim for its id.`,
    { cause },
  );

const parse = (pem: string): X509Certificate => {
  // Else the library would also take DER, or whatever stands around the block.
  const block = /^\s*(-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----)/.exec(pem)?.[1];
  if (block === undefined) throw invalid('something else than a certificate in PEM');
  try {
    return new X509Certificate(block);
  } catch (error) {
    throw invalid('a block that does not parse', error);
  }
};

export type DeviceProof = {
  /** PEM of the present certificate */
  readonly certificatePem: string;
  readonly csrPem: string;
  /** base64 */
  readonly proof: string;
  /** who it says it is */
  readonly deviceId: DeviceId;
  /** PEM of the device authority, and of the one before it for as long as that is trusted */
  readonly caPem: string;
  readonly now: Date;
};

/**
 * Whether a renewal is asked for by the holder of a certificate of ours: issued by a device authority, for client
 * authentication, to this device, and the request for the next key signed by the present one. An end that lies in
 * the past is tolerated for `RENEWAL_GRACE_DAYS`, so that a device that was off for a season comes back by itself.
 *
 * @throws {SlipwayError} CERTIFICATE_INVALID, CERTIFICATE_EXPIRED
 */
export const verifyRenewal = (
  asked: DeviceProof,
): { readonly keySha256: string; readonly expiredAt: Date | undefined } => {
  const certificate = parse(asked.certificatePem);
  const isOurs = splitCertificates(asked.caPem).some((pem) => {
    const authority = new X509Certificate(pem);
    return certificate.checkIssued(authority) && certificate.verify(authority.publicKey);
  });
  if (certificate.ca || !isOurs) throw invalid('one of another authority');
  if (certificate.keyUsage?.join() !== CLIENT_AUTH) throw invalid('one for another use');
  if (certificate.subject !== `CN=${asked.deviceId}`)
    throw invalid(`one of ${JSON.stringify(certificate.subject.slice(0, 100))}`);
  const key = certificate.publicKey;
  if (key.asymmetricKeyType !== 'ec') throw invalid(`a key of type ${key.asymmetricKeyType}`);
  const signed = Buffer.from(renewalProof(asked.deviceId, asked.csrPem));
  if (!verify('sha256', signed, key, Buffer.from(asked.proof, 'base64')))
    throw invalid('a proof by another key, or over another request');
  const expired = certificate.validToDate <= asked.now;
  const endOfGrace = new Date(certificate.validToDate.getTime() + RENEWAL_GRACE_DAYS * DAY_MS);
  if (endOfGrace <= asked.now) {
    throw new SlipwayError(
      'CERTIFICATE_EXPIRED',
      `Expected a certificate that ended at most ${RENEWAL_GRACE_DAYS} days ago, found one that ended at ${certificate.validToDate.toISOString()}; create a claim for the device id and put it onto the device.`,
    );
  }
  return { keySha256: keySha256Of(key), expiredAt: expired ? certificate.validToDate : undefined };
};
