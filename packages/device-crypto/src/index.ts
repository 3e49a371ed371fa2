/**
 * `slipway-crypto`: TLS, keys, certificates and signatures for the agent on QuickJS, by Mbed TLS. Images carry it, tests
 * of the agent run it. It is compiled by `build.ts` and checked in, so that building an image needs no compiler; Mbed TLS
 * itself comes from Debian, with its security updates, and is on the bill of materials.
 */
export {
  CRYPTO_PROGRAM,
  cryptoFolder,
  cryptoProgram,
  cryptoProgramPath,
  cryptoSourceDigest,
  pathWithCrypto,
} from './program.ts';
