/**
 * The format of a bundle: one tar with a manifest, a detached signature over it, and the files it lists. Used by the
 * signer (writes), the CLI and the gateway (verify). Trusts nothing but the release root it is given.
 *
 * `tar-header.ts` and `manifest.ts` use no `node:` API; the agent on the device reads bundles with them.
 */
export { chunksOf, digestFile, digestOf, type FileDigest, FileDigester, readFully } from './digest-file.ts';
export { makeManifest } from './make-manifest.ts';
export { parseManifest, parseManifestOnDevice, PAYLOAD_ORDER, type PayloadName } from './manifest.ts';
export { type Head, readHead, readSignature } from './read-head.ts';
export {
  expectEnd,
  expectEntry,
  parseTarHeader,
  TAR_BLOCK_BYTES,
  TAR_END_BYTES,
  tarPadding,
} from './tar-header.ts';
export { type BundleSigner, signBundle } from './sign-bundle.ts';
export { type VerifiedBundle, verifyBundle, type VerifyBundle } from './verify-bundle.ts';
export { verifyClaims, type VerifyClaims, verifyHead } from './verify-claims.ts';
export { writeBundle, type WriteBundle } from './write-bundle.ts';
