/**
 * Certificates and signatures. Four trees that never meet: releases (root, intermediate, leaf; RSA-3072), Secure Boot
 * (RSA-2048), devices and servers (P-256 each). Signing is done by node-forge, checking by the `openssl` program alone.
 */
export {
  type AuthoritySubject,
  certify,
  type Identity,
  type LeafSubject,
  makeAuthority,
  makeLeaf,
  type Usage,
  validFor,
  type Validity,
} from './certificates.ts';
export { certificatesOfSignature, type CertificateFacts, readCertificates } from './certificate-facts.ts';
export { verifyCmsShape } from './cms-shape.ts';
export { makeDeviceRequest } from './device-request.ts';
export { type DeviceProof, verifyRenewal } from './device-certificate.ts';
export {
  DEVICE_CERTIFICATE_DAYS,
  type DeviceCertificate,
  keySha256OfCsr,
  makeDeviceAuthority,
  signDeviceCsr,
} from './device-tree.ts';
export { encodeSignatureList, enrolmentFiles, SIGNATURE_OWNER } from './efi-signature-list.ts';
export { putBack, takePlace } from './key-folder.ts';
export { keySha256Of } from './key-hash.ts';
export { encodePrivateKey, type KeyKind, makeKeys } from './keys.ts';
export {
  makeReleaseIntermediate,
  makeReleaseSigner,
  makeReleaseTree,
  type ReleaseTree,
} from './release-tree.ts';
export { isListOf, type Revoked, signRevocationList, signRevocationLists } from './revocation-list.ts';
export { makeSecureBootTree, type SecureBootTree } from './secure-boot-tree.ts';
export { makeServerAuthority, makeServerIdentity, makeServiceIdentity } from './server-tree.ts';
export { signCms } from './sign-cms.ts';
export { signPe } from './sign-pe.ts';
export { keyIdOf, readAuthorities, splitCertificates } from './trusted.ts';
export { verifyCms, type VerifyCms } from './verify-cms.ts';
