import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { FactoryIdentity, messageOf, SlipwayError } from '@slipway/protocol';

export type FactoryFiles = {
  /** PEM: the certificate of the device, then its intermediates */
  readonly certificate: string;
  /** PEM */
  readonly key: string;
  readonly mqttUrl: string;
  readonly tenant: string;
};

const invalid = (what: string, cause?: unknown): SlipwayError =>
  new SlipwayError(
    'IDENTITY_INVALID',
    `${what}. Make the certificate anew, or name the files that belong together.`,
    {
      cause,
    },
  );

/**
 * An identity for a device that never asks for one: what the factory puts onto its disk.
 *
 * @throws {SlipwayError} IDENTITY_INVALID
 */
export const factoryIdentity = ({ certificate, key, mqttUrl, tenant }: FactoryFiles): FactoryIdentity => {
  let parsed: X509Certificate;
  try {
    parsed = new X509Certificate(certificate);
  } catch (error) {
    throw invalid(`Expected a certificate in PEM, found ${messageOf(error)}`, error);
  }
  const pkcs8 = exported(key);
  if (!createPublicKey(pkcs8).equals(parsed.publicKey))
    throw invalid('The key is not that of the certificate');
  const deviceId = /^CN=([^\n]+)$/.exec(parsed.subject)?.[1];
  const identity = FactoryIdentity.safeParse({ v: 1, deviceId, tenant, certificate, key: pkcs8, mqttUrl });
  if (identity.success) return identity.data;
  const { path, message } = identity.error.issues[0] ?? { path: [], message: 'wrong' };
  throw invalid(
    `${path.join('.')}: ${message} (the subject of the certificate is ${JSON.stringify(parsed.subject)})`,
  );
};

/** PKCS #8, whatever form it came in. */
const exported = (key: string): string => {
  try {
    return createPrivateKey(key).export({ type: 'pkcs8', format: 'pem' });
  } catch (error) {
    throw invalid(`Expected a private key in PEM, found ${messageOf(error)}`, error);
  }
};
