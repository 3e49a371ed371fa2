import { verifyCmsShape } from '@slipway/bundle/cms-shape';
import { SlipwayError } from '@slipway/protocol';
import type { Runtime } from '../runtime/port.ts';

export type Signed = { readonly content: Uint8Array; readonly signature: Uint8Array };
/** paths */
export type SignedFiles = { readonly content: string; readonly signature: string; readonly root: string };

/**
 * Verifies the detached signature of a manifest, with the release root as the only anchor and for code signing only.
 * Nothing of the content is parsed before this has returned.
 *
 * @param paths where the same bytes lie
 * @param at seconds since 1970 at which the certificates must be valid; never before the time floor
 * @throws {SlipwayError} BUNDLE_SIGNATURE_INVALID where the bytes are not what the enclosed certificate signed;
 *   BUNDLE_SIGNER_UNTRUSTED where they are, but that certificate has no valid path to the root or another purpose
 */
export const verifySignature = async (
  { digest, crypto }: Pick<Runtime, 'digest' | 'crypto'>,
  { content, signature }: Signed,
  paths: SignedFiles,
  at: number,
): Promise<void> => {
  const shape = verifyCmsShape(signature);
  const found = await digest(content);
  if (found !== shape.messageDigest) {
    throw new SlipwayError(
      'BUNDLE_SIGNATURE_INVALID',
      `Expected a signature over exactly these bytes, ${found}; it is one over ${shape.messageDigest}. Do not install it; find out where it came from.`,
    );
  }
  const message = { signature, shape, signaturePath: paths.signature, contentPath: paths.content };
  const verdict = await crypto.verifySigner(message, paths.root, at);
  if (verdict.kind === 'good') return;
  if (verdict.kind === 'signer-untrusted') {
    throw new SlipwayError(
      'BUNDLE_SIGNER_UNTRUSTED',
      `Expected a signer below our release root that may sign code and is valid at ${at} s; found: ${verdict.reason}. Do not install it; find out who signed it.`,
    );
  }
  throw new SlipwayError(
    'BUNDLE_SIGNATURE_INVALID',
    `Expected a signature over exactly these bytes; found: ${verdict.reason}. Do not install it; find out where it came from.`,
  );
};
