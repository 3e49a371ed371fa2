/**
 * The signing worker, a process of its own without network: it alone reads the release keys. Takes sign jobs from the
 * queue; believes nothing a builder declares before it has compared it with the stored bytes.
 */
export { parseSignerConfig, type SignerConfig } from './config.ts';
export { type KeyRing, readSigningKeys, type SigningKeys } from './keys.ts';
export { signBuild, type SignBuild } from './sign-build.ts';
export { type RunningSigner, startSigner } from './start.ts';
