import { createPublicKey, X509Certificate, type KeyObject } from 'node:crypto';
import { type DeviceId, SlipwayError } from '@slipway/protocol';
import { certify, type Identity, makeAuthority, validFor } from './certificates.ts';
import { keySha256Of } from './key-hash.ts';
import { keyIdOf } from './trusted.ts';
import { x509 } from './x509.ts';

/** The tree that names devices: one authority; the common name of a leaf is the device id. */
export const makeDeviceAuthority = async (name: string, now = new Date()): Promise<Identity> =>
  makeAuthority({
    commonName: `${name} devices`,
    kind: 'p-256',
    pathLength: 0,
    validity: validFor(20 * 365, now),
  });

export const DEVICE_CERTIFICATE_DAYS = 90;

const refuse = (found: string, cause?: unknown): SlipwayError =>
  new SlipwayError(
    'CSR_INVALID',
    `Expected a certificate request (PKCS #10, PEM) for a P-256 key, signed by that key; found ${found}. ` +
      'Make a new key and request.',
    { cause },
  );

const MAX_CSR_CHARACTERS = 8192;

const parseRequest = (pem: string): x509.Pkcs10CertificateRequest => {
  if (pem.length > MAX_CSR_CHARACTERS) throw refuse(`${pem.length} characters`);
  // Else the library would also take bare base64, hex, or the first of several blocks.
  if (
    !/^\s*-----BEGIN CERTIFICATE REQUEST-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE REQUEST-----\s*$/.test(pem)
  ) {
    throw refuse('something else than one PEM block');
  }
  try {
    return new x509.Pkcs10CertificateRequest(pem);
  } catch (error) {
    throw refuse('a block that does not parse', error);
  }
};

/** The key of a request, once it is proven that the requester holds it. */
const provenKey = async (pem: string): Promise<CryptoKey> => {
  const request = parseRequest(pem);
  const key = createPublicKeyOrRefuse(request);
  if (key.asymmetricKeyType !== 'ec' || key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') {
    throw refuse(`a key of type ${key.asymmetricKeyType} ${key.asymmetricKeyDetails?.namedCurve ?? ''}`);
  }
  const proven = await request.verify().catch((error: unknown) => {
    throw refuse('a signature that cannot be checked', error);
  });
  if (!proven) throw refuse('a signature by another key');
  return request.publicKey.export({ name: 'ECDSA', namedCurve: 'P-256' }, ['verify']);
};

const createPublicKeyOrRefuse = (request: x509.Pkcs10CertificateRequest) => {
  try {
    return createPublicKey({ key: Buffer.from(request.publicKey.rawData), format: 'der', type: 'spki' });
  } catch (error) {
    throw refuse('a public key that is none', error);
  }
};

/**
 * SHA-256 of the key that a request is for, once it is proven that the requester holds it.
 *
 * @throws {SlipwayError} CSR_INVALID
 */
export const keySha256OfCsr = async (csrPem: string): Promise<string> => {
  await provenKey(csrPem);
  return keySha256Of(createPublicKeyOrRefuse(parseRequest(csrPem)));
};

/** Names of the server side; a device of that name would be taken for it. */
const RESERVED: readonly string[] = ['gateway', 'server'];

export type DeviceCertificate = {
  readonly certificatePem: string;
  /** hexadecimal, lower case */
  readonly serial: string;
  readonly expiresAt: Date;
  /** SHA-256 of the public key, hexadecimal */
  readonly keySha256: string;
  /** SHA-256 of the certificate, hexadecimal */
  readonly fingerprint: string;
  /** such as `EC prime256v1` */
  readonly keyType: string;
  /** common name of the authority */
  readonly issuer: string;
  /** SHA-256 of the public key of the authority, hexadecimal */
  readonly authority: string;
};

/**
 * Certifies the key of a request. Nothing else of the request is taken over: neither its subject nor its extensions.
 *
 * @throws {SlipwayError} CSR_INVALID; REQUEST_INVALID for a device id that belongs to the server side
 */
export const signDeviceCsr = async (input: {
  readonly csrPem: string;
  readonly deviceId: DeviceId;
  readonly ca: Identity;
  readonly now?: Date;
}): Promise<DeviceCertificate> => {
  if (RESERVED.includes(input.deviceId)) {
    throw new SlipwayError(
      'REQUEST_INVALID',
      `The name ${input.deviceId} is reserved; give the device another id.`,
    );
  }
  const publicKey = await provenKey(input.csrPem);
  const validity = validFor(DEVICE_CERTIFICATE_DAYS, input.now);
  const certificatePem = await certify(
    { commonName: input.deviceId, usage: 'clientAuth', validity },
    publicKey,
    input.ca,
  );
  const certificate = new X509Certificate(certificatePem);
  return {
    certificatePem,
    serial: certificate.serialNumber.toLowerCase(),
    expiresAt: validity.notAfter,
    keySha256: keySha256Of(certificate.publicKey),
    fingerprint: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
    keyType: keyTypeOf(certificate.publicKey),
    issuer: certificate.issuer.replace(/^CN=/, ''),
    authority: keyIdOf(input.ca.certificatePem),
  };
};

const keyTypeOf = ({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): string =>
  [asymmetricKeyType?.toUpperCase(), asymmetricKeyDetails?.namedCurve]
    .filter((word) => word !== undefined)
    .join(' ');
