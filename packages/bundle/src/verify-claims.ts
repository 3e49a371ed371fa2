import { verifyCms } from '@slipway/signing';
import type { Manifest } from '@slipway/protocol';
import { parseManifest } from './manifest.ts';
import { readHead, type Head } from './read-head.ts';
import type { VerifyBundle } from './verify-bundle.ts';

export type VerifyClaims = Pick<VerifyBundle, 'releaseRootPem' | 'at'>;

/** What a bundle claims, from bytes that were read before. @throws {SlipwayError} as `verifyClaims` */
export const verifyHead = async (
  { content, signature }: Head,
  { releaseRootPem, at }: VerifyClaims,
): Promise<Manifest> => {
  await verifyCms({ content, signature, rootPem: releaseRootPem, ...(at === undefined ? {} : { at }) });
  return parseManifest(content);
};

/**
 * Verifies what a bundle claims and that it was signed, without a look at the files in it: so it takes as long for any
 * size. `verifyBundle` looks at them as well.
 *
 * @throws {SlipwayError} BUNDLE_MALFORMED, _FILE_UNLISTED, _SIGNATURE_INVALID, _SIGNER_UNTRUSTED, _MANIFEST_INVALID
 */
export const verifyClaims = async (path: string, options: VerifyClaims): Promise<Manifest> =>
  verifyHead(await readHead(path), options);
