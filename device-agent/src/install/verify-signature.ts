import { verifyCmsShape } from '@slipway/bundle/cms-shape';
import { SlipwayError } from '@slipway/protocol';
import type { Runtime } from '../runtime/port.ts';

export type SignedFiles = {
  /** paths */
  readonly content: string;
  readonly signature: string;
  readonly root: string;
};

/** A signature takes 10 ms to check on a PC and a second under emulation; whatever takes longer was made to. */
const TIMEOUT_MS = 30_000;

/**
 * Verifies the detached signature of a manifest by `openssl cms`, with the release root as the only anchor and for
 * code signing only. Nothing of the content is parsed before this has returned.
 *
 * @param at seconds since 1970 at which the certificates must be valid; never before the time floor
 * @throws {SlipwayError} BUNDLE_SIGNATURE_INVALID where the bytes are not what the enclosed certificate signed;
 *   BUNDLE_SIGNER_UNTRUSTED where they are, but that certificate has no valid path to the root or another purpose
 */
export const verifySignature = async (
  runtime: Pick<Runtime, 'processes'>,
  signature: Uint8Array,
  paths: SignedFiles,
  at: number,
): Promise<void> => {
  verifyCmsShape(signature);
  const base = ['openssl', 'cms', '-verify', '-binary', '-inform', 'DER', '-in', paths.signature];
  const content = ['-content', paths.content, '-out', '/dev/null'];
  const trust = [
    '-purpose',
    'codesign',
    '-CAfile',
    paths.root,
    '-no-CApath',
    '-no-CAstore',
    '-attime',
    `${at}`,
  ];
  const trusted = await runtime.processes.run([...base, ...trust, ...content], { timeoutMs: TIMEOUT_MS });
  if (trusted.status === 0) return;
  // Only to name the reason: is the signature good and its certificate alone in doubt?
  const signed = await runtime.processes.run([...base, '-noverify', ...content], { timeoutMs: TIMEOUT_MS });
  if (signed.status === 0) {
    throw new SlipwayError(
      'BUNDLE_SIGNER_UNTRUSTED',
      `Expected a signer below our release root that may sign code and is valid at ${at} s; openssl says: ${trusted.stderr.trim().slice(-500)}. Do not install it; find out who signed it.`,
    );
  }
  throw new SlipwayError(
    'BUNDLE_SIGNATURE_INVALID',
    `Expected a signature over exactly these bytes; openssl says: ${signed.stderr.trim().slice(-500)}. Do not install it; find out where it came from.`,
  );
};
