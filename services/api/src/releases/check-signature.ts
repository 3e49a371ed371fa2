import { createHash, X509Certificate } from 'node:crypto';
import { readHead, verifyHead, type Head } from '@slipway/bundle';
import {
  codeOf,
  Digest,
  KeyId,
  MANIFEST_NAME,
  messageOf,
  SIGNATURE_NAME,
  type Manifest,
  type ReleaseId,
  type ReleaseSignature,
} from '@slipway/protocol';
import { certificatesOfSignature, readCertificates, type CertificateFacts } from '@slipway/signing';

type Signer = ReleaseSignature['chain'][number];

/** The one form that `verifyCms` takes. */
const FORMAT = 'CMS SignedData (RFC 5652), detached, SHA-256 with RSA';

/**
 * Verifies the signature of a release as devices do, and tells who signed what. Whatever is wrong with it is an answer.
 *
 * @param rootPem what devices trust releases by
 */
export const checkSignature = async (
  release: ReleaseId,
  path: string,
  rootPem: string,
  now: Date,
): Promise<ReleaseSignature> => {
  const nothing = { release, code: null, message: null, checkedAt: now.toISOString(), signed: null };
  let head: Head;
  try {
    head = await readHead(path);
  } catch (error) {
    const gone = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    return gone
      ? { ...nothing, state: 'gone', format: null, chain: [] }
      : { ...nothing, ...problemOf(error), state: 'invalid', format: null, chain: [] };
  }
  const known = { ...nothing, ...shapeOf(head, rootPem) };
  try {
    const manifest = await verifyHead(head, { releaseRootPem: rootPem, at: now });
    return { ...known, state: 'valid', signed: signedBy(head, manifest) };
  } catch (error) {
    return { ...known, ...problemOf(error), state: 'invalid' };
  }
};

const problemOf = (error: unknown): { code: string; message: string } => ({
  code: codeOf(error),
  message: messageOf(error),
});

/** Nothing of it where the signature has another form. */
const shapeOf = (
  { signature }: Head,
  rootPem: string,
): { format: string | null; chain: ReleaseSignature['chain'] } => {
  try {
    const [leaf, ...others] = certificatesOfSignature(signature);
    return {
      format: FORMAT,
      chain: [
        ...(leaf === undefined ? [] : [signerOf(leaf, 'release-signer')]),
        ...others.map((one) => signerOf(one, 'release-intermediate')),
        ...rootsIn(rootPem).map((one) => signerOf(one, 'release-root')),
      ],
    };
  } catch {
    return { format: null, chain: [] };
  }
};

const rootsIn = (pem: string): readonly CertificateFacts[] => {
  try {
    return readCertificates(pem);
  } catch {
    // That it is none is what verifying says.
    return [];
  }
};

const signerOf = (facts: CertificateFacts, purpose: Signer['purpose']): Signer => ({
  purpose,
  key: KeyId.parse(facts.keySha256),
  subject: facts.subject,
  serial: facts.serial,
  algorithm: algorithmOf(facts.certificatePem),
  notBefore: facts.notBefore.toISOString(),
  notAfter: facts.notAfter.toISOString(),
});

const algorithmOf = (pem: string): string => {
  const { asymmetricKeyType, asymmetricKeyDetails } = new X509Certificate(pem).publicKey;
  const size = asymmetricKeyDetails?.modulusLength ?? asymmetricKeyDetails?.namedCurve ?? '';
  return `${(asymmetricKeyType ?? 'unknown').toUpperCase()} ${size}`.trim();
};

const signedBy = ({ content, signature }: Head, manifest: Manifest): ReleaseSignature['signed'] => ({
  manifest: {
    name: MANIFEST_NAME,
    digest: Digest.parse(`sha256:${createHash('sha256').update(content).digest('hex')}`),
    size: content.length,
  },
  signature: { name: SIGNATURE_NAME, size: signature.length },
  version: manifest.version,
  counter: manifest.counter,
  timeFloor: new Date(manifest.timeFloor * 1000).toISOString(),
  rootHash: manifest.rootHash,
  minimumAgent: manifest.minimumAgent,
  provenance: manifest.provenance,
  files: manifest.files.map(({ name, size, digest, chunks }) => ({
    name,
    size,
    digest,
    chunks: chunks.length,
  })),
});
