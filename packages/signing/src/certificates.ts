import { randomBytes } from 'node:crypto';
import { encodePrivateKey, importPrivateKey, type KeyKind, type KeyPair, makeKeys } from './keys.ts';
import { x509 } from './x509.ts';

/** A certificate and the key it speaks for, in PEM. */
export type Identity = { readonly certificatePem: string; readonly keyPem: string };

/**
 * Certificates begin at 1970, because a device without a battery-backed clock starts there; what keeps a device from
 * an old world is the time floor of its release, not `notBefore`.
 */
export type Validity = { readonly notBefore: Date; readonly notAfter: Date };
const DAY_MS = 86_400_000;
export const validFor = (days: number, from = new Date()): Validity => ({
  notBefore: new Date(0),
  notAfter: new Date(Math.floor((from.getTime() + days * DAY_MS) / 1000) * 1000),
});

export type Usage = 'codeSigning' | 'clientAuth' | 'serverAuth';

type Subject = { readonly commonName: string; readonly validity: Validity };
export type AuthoritySubject = Subject & {
  readonly kind: KeyKind;
  /** how many authorities may stand below */
  readonly pathLength: number;
};
export type LeafSubject = Subject & {
  readonly usage: Usage;
  /** for serverAuth: names and IP addresses */
  readonly hosts?: readonly string[];
};

const { KeyUsageFlags } = x509;

/** Positive, 127 random bits: not to be guessed, and below the 20 octets of RFC 5280. */
const serialNumber = (): string => {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString('hex');
};

const issue = async (
  subject: Subject,
  publicKey: CryptoKey,
  issuer: Identity | KeyPair,
  extensions: readonly x509.Extension[],
): Promise<string> => {
  const selfSigned = 'privateKey' in issuer;
  const parent = selfSigned ? undefined : new x509.X509Certificate(issuer.certificatePem);
  const name = [{ CN: [subject.commonName] }];
  const signingKey = selfSigned ? issuer.privateKey : await importPrivateKey(issuer.keyPem);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    // As JSON: a comma in a name must not start another attribute.
    subject: name,
    issuer: parent?.subjectName.toJSON() ?? name,
    ...subject.validity,
    publicKey,
    signingKey,
    signingAlgorithm: { name: signingKey.algorithm.name, hash: 'SHA-256' },
    extensions: [
      ...extensions,
      await x509.SubjectKeyIdentifierExtension.create(publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(parent?.publicKey ?? publicKey),
    ],
  });
  return `${certificate.toString('pem')}\n`;
};

export const makeAuthority = async (subject: AuthoritySubject, issuer?: Identity): Promise<Identity> => {
  const keys = await makeKeys(subject.kind);
  const certificatePem = await issue(subject, keys.publicKey, issuer ?? keys, [
    new x509.BasicConstraintsExtension(true, subject.pathLength, true),
    new x509.KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
  ]);
  return { certificatePem, keyPem: await encodePrivateKey(keys.privateKey) };
};

/** A certificate that stands alone and signs: firmware compares certificates, it builds no chains. */
export const makeSelfSigned = async (subject: Subject, kind: KeyKind): Promise<Identity> => {
  const keys = await makeKeys(kind);
  const certificatePem = await issue(subject, keys.publicKey, keys, [
    new x509.BasicConstraintsExtension(false, undefined, true),
    new x509.KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
  ]);
  return { certificatePem, keyPem: await encodePrivateKey(keys.privateKey) };
};

const USAGES = {
  codeSigning: x509.ExtendedKeyUsage.codeSigning,
  clientAuth: x509.ExtendedKeyUsage.clientAuth,
  serverAuth: x509.ExtendedKeyUsage.serverAuth,
} as const;

const isAddress = (host: string): boolean => /^[0-9.]+$/.test(host) || host.includes(':');

/** A certificate for a key that someone else holds. */
export const certify = async (
  subject: LeafSubject,
  publicKey: CryptoKey,
  issuer: Identity,
): Promise<string> =>
  issue(subject, publicKey, issuer, [
    new x509.BasicConstraintsExtension(false, undefined, true),
    new x509.KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    new x509.ExtendedKeyUsageExtension([USAGES[subject.usage]], true),
    ...(subject.hosts === undefined
      ? []
      : [
          new x509.SubjectAlternativeNameExtension(
            subject.hosts.map((value) => ({
              type: isAddress(value) ? ('ip' as const) : ('dns' as const),
              value,
            })),
          ),
        ]),
  ]);

export const makeLeaf = async (subject: LeafSubject, kind: KeyKind, issuer: Identity): Promise<Identity> => {
  const keys = await makeKeys(kind);
  return {
    certificatePem: await certify(subject, keys.publicKey, issuer),
    keyPem: await encodePrivateKey(keys.privateKey),
  };
};
