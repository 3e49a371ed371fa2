import { type Identity } from './certificates.ts';
import { importPrivateKey } from './keys.ts';
import { x509 } from './x509.ts';

const SKEW_MS = 86_400_000;
/** As of certificates: an authority that is off for a season must not lock its devices out. */
const NEXT_UPDATE = new Date('2049-12-31T23:59:59Z');

export type Revoked = {
  /** hexadecimal */
  readonly serial: string;
  readonly revokedAt: Date;
};

/**
 * A list of certificates that the authority takes back (RFC 5280, section 5), in PEM. It begins a day before it was
 * made, so that a broker whose clock is behind does not shut out everybody.
 *
 * @param number rises with every list
 * @param madeAt rises by a second at least: of two lists OpenSSL believes the one that begins later, and mosquitto keeps
 *   the old ones when it reads a new one
 */
export const signRevocationList = async (
  revoked: readonly Revoked[],
  number: number,
  authority: Identity,
  madeAt: Date,
): Promise<string> => {
  const issuer = new x509.X509Certificate(authority.certificatePem);
  const signingKey = await importPrivateKey(authority.keyPem);
  const list = await x509.X509CrlGenerator.create({
    issuer: issuer.subject,
    thisUpdate: new Date(madeAt.getTime() - SKEW_MS),
    nextUpdate: NEXT_UPDATE,
    entries: revoked.map(({ serial, revokedAt }) => ({ serialNumber: serial, revocationDate: revokedAt })),
    extensions: [
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
      new x509.Extension(CRL_NUMBER, false, derInteger(number)),
    ],
    signingAlgorithm: { name: signingKey.algorithm.name, hash: 'SHA-256' },
    signingKey,
  });
  const lines =
    Buffer.from(list.rawData)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN X509 CRL-----\n${lines.join('\n')}\n-----END X509 CRL-----\n`;
};

/**
 * A list by each of several authorities, in one file: a broker that trusts several refuses whom it has no list for. Serial
 * numbers are random, so each may name those of all.
 */
export const signRevocationLists = async (
  revoked: readonly Revoked[],
  number: number,
  authorities: readonly Identity[],
  madeAt: Date,
): Promise<string> =>
  (
    await Promise.all(authorities.map((authority) => signRevocationList(revoked, number, authority, madeAt)))
  ).join('');

/** Whether a file has a list by every authority, and none by another. */
export const isListOf = async (pem: string, authorities: readonly Identity[]): Promise<boolean> => {
  const lists = pem.match(/-----BEGIN X509 CRL-----[^-]+-----END X509 CRL-----/g) ?? [];
  if (lists.length !== authorities.length) return false;
  const isBy = async (list: string, { certificatePem }: Identity): Promise<boolean> =>
    new x509.X509Crl(list).verify({ publicKey: new x509.X509Certificate(certificatePem) });
  const found = await Promise.all(
    authorities.map(async (authority) =>
      (await Promise.all(lists.map((list) => isBy(list, authority)))).includes(true),
    ),
  );
  return !found.includes(false);
};

const CRL_NUMBER = '2.5.29.20';

/** DER of a number below 2^31. */
const derInteger = (value: number): Uint8Array<ArrayBuffer> => {
  const bytes = Buffer.alloc(6);
  bytes.set([0x02, 0x04]);
  bytes.writeInt32BE(value, 2);
  let zeros = 0;
  // As short as it goes, and with a leading zero where it would be negative otherwise.
  while (zeros < 3 && bytes[2 + zeros] === 0 && (bytes[3 + zeros] ?? 0) < 0x80) zeros += 1;
  return new Uint8Array([0x02, 4 - zeros, ...bytes.subarray(2 + zeros)]);
};
