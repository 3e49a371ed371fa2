import type { Identity } from './certificates.ts';
import { objectId } from './der.ts';
import type { SecureBootTree } from './secure-boot-tree.ts';
import { encodeSignedData } from './signed-data.ts';
import { x509 } from './x509.ts';

/** The first three groups of a GUID are stored little-endian. */
const guid = (text: string): Buffer => {
  const [first = '', second = '', third = '', ...rest] = text.split('-');
  const swapped = [first, second, third].map((group) => Buffer.from(group, 'hex').reverse());
  return Buffer.concat([...swapped, Buffer.from(rest.join(''), 'hex')]);
};

const CERT_X509 = guid('a5c059a1-94e4-4aa7-87b5-ab155c2bf072');
const CERT_PKCS7 = guid('4aafd29d-68df-49ee-8aa9-347d375665a7');
const GLOBAL_VARIABLE = guid('8be4df61-93ca-11d2-aa0d-00e098032b8c');
const IMAGE_SECURITY_DATABASE = guid('d719b2cb-3d3a-4596-a3bc-dad00e67656f');
/** Who says so: Slipway, whatever the instance. */
export const SIGNATURE_OWNER = '6f3a9c1e-8c0b-4a55-9d0e-51c1a7f0b00f';

/** Non-volatile, for boot and runtime, authenticated by time. */
const ATTRIBUTES = 0x27;

/** `EFI_SIGNATURE_LIST` of one certificate. @see the UEFI specification, 32.4.1 "Signature Database" */
export const encodeSignatureList = (certificatePem: string): Buffer => {
  const der = Buffer.from(new x509.X509Certificate(certificatePem).rawData);
  const sizes = Buffer.alloc(12);
  sizes.writeUInt32LE(16 + 12 + 16 + der.length, 0);
  sizes.writeUInt32LE(0, 4);
  sizes.writeUInt32LE(16 + der.length, 8);
  return Buffer.concat([CERT_X509, sizes, guid(SIGNATURE_OWNER), der]);
};

/** `EFI_TIME`, to the second. */
const efiTime = (time: Date): Buffer => {
  const bytes = Buffer.alloc(16);
  bytes.writeUInt16LE(time.getUTCFullYear(), 0);
  bytes.set(
    [
      time.getUTCMonth() + 1,
      time.getUTCDate(),
      time.getUTCHours(),
      time.getUTCMinutes(),
      time.getUTCSeconds(),
    ],
    2,
  );
  return bytes;
};

/**
 * What firmware, or systemd-boot from `loader/keys`, takes for a new value of a variable.
 *
 * @see the UEFI specification, 8.2.2 "Using the EFI_VARIABLE_AUTHENTICATION_2 descriptor"
 */
const authenticated = (
  name: string,
  vendor: Buffer,
  value: Uint8Array,
  signer: Identity,
  time: Date,
): Buffer => {
  const attributes = Buffer.alloc(4);
  attributes.writeUInt32LE(ATTRIBUTES);
  const when = efiTime(time);
  const signed = Buffer.concat([Buffer.from(name, 'utf16le'), vendor, attributes, when, value]);
  const signature = encodeSignedData(
    { kind: 'detached', type: objectId('1.2.840.113549.1.7.1'), bytes: signed },
    signer,
  );
  const certificate = Buffer.alloc(8);
  certificate.writeUInt32LE(8 + 16 + signature.length, 0);
  certificate.writeUInt16LE(0x0200, 4);
  // WIN_CERT_TYPE_EFI_GUID
  certificate.writeUInt16LE(0x0ef1, 6);
  return Buffer.concat([when, certificate, CERT_PKCS7, signature, value]);
};

/** Files for every way of enrolling: `.pem` for virt-fw-vars, `.esl` and `.auth` for firmware and systemd-boot. */
export const enrolmentFiles = (tree: SecureBootTree, time = new Date()): Record<string, Uint8Array> => {
  const pk = encodeSignatureList(tree.pk.certificatePem);
  const kek = encodeSignatureList(tree.kek.certificatePem);
  const db = encodeSignatureList(tree.db.certificatePem);
  return {
    'PK.pem': Buffer.from(tree.pk.certificatePem),
    'KEK.pem': Buffer.from(tree.kek.certificatePem),
    'db.pem': Buffer.from(tree.db.certificatePem),
    'PK.esl': pk,
    'KEK.esl': kek,
    'db.esl': db,
    'PK.auth': authenticated('PK', GLOBAL_VARIABLE, pk, tree.pk, time),
    'KEK.auth': authenticated('KEK', GLOBAL_VARIABLE, kek, tree.pk, time),
    'db.auth': authenticated('db', IMAGE_SECURITY_DATABASE, db, tree.kek, time),
  };
};
