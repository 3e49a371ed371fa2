import { generateKeyPairSync, sign } from 'node:crypto';
import { objectId, sequence, set, smallInteger, tlv } from './der.ts';

const ECDSA_WITH_SHA256 = '1.2.840.10045.4.3.2';
const COMMON_NAME = '2.5.4.3';
const LINE = /.{1,64}/g;

const toPem = (der: Buffer): string =>
  [
    '-----BEGIN CERTIFICATE REQUEST-----',
    ...(der.toString('base64').match(LINE) ?? []),
    '-----END CERTIFICATE REQUEST-----',
    '',
  ].join('\n');

/**
 * A P-256 key and a request for a certificate (RFC 2986), as a device makes them, within the process: for devices that
 * are made by the thousand.
 *
 * @param commonName the server takes no notice of it
 */
export const makeDeviceRequest = (
  commonName = 'slipway-device',
): { readonly keyPem: string; readonly csrPem: string } => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const name = sequence(set(sequence(objectId(COMMON_NAME), tlv(0x0c, Buffer.from(commonName)))));
  const info = sequence(
    smallInteger(0),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    // no attributes
    tlv(0xa0),
  );
  const signature = sign('sha256', info, privateKey);
  const bits = tlv(0x03, Buffer.from([0]), signature);
  return {
    keyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    csrPem: toPem(sequence(info, sequence(objectId(ECDSA_WITH_SHA256)), bits)),
  };
};
