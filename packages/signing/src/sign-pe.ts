import type { Identity } from './certificates.ts';
import { objectId, octets, sequence } from './der.ts';
import { peHash, readPeLayout } from './pe-image.ts';
import { asContentInfo, encodeSignedData, SHA256 } from './signed-data.ts';

const INDIRECT_DATA = objectId('1.3.6.1.4.1.311.2.1.4');
const PE_IMAGE_DATA = objectId('1.3.6.1.4.1.311.2.1.15');
/** No flags, and a file whose name nobody reads. */
const PE_IMAGE = sequence(
  PE_IMAGE_DATA,
  sequence(Buffer.from([0x03, 0x01, 0x00]), Buffer.from([0xa0, 0x04, 0xa2, 0x02, 0x80, 0x00])),
);

const ALIGNMENT = 8;
const WIN_CERT_REVISION = 0x0200;
const WIN_CERT_PKCS = 0x0002;

const padded = (bytes: Uint8Array): Buffer =>
  Buffer.concat([bytes, Buffer.alloc((ALIGNMENT - (bytes.length % ALIGNMENT)) % ALIGNMENT)]);

/**
 * Signs an EFI program (Authenticode), so that firmware whose `db` holds the signer's certificate starts it under
 * Secure Boot. The same image and key give the same bytes.
 *
 * @returns the image with its signature appended
 * @throws {SlipwayError} SIGN_POLICY_REFUSED where it is no PE image, or has a signature already
 * @see the UEFI specification, 32.2.3 "UEFI Image Signing"; Windows Authenticode Portable Executable Signature Format
 */
export const signPe = (unsigned: Uint8Array, signer: Identity): Buffer => {
  const image = padded(unsigned);
  const layout = readPeLayout(image);
  // None: it would have to be computed over the signature, and firmware does not look.
  image.writeUInt32LE(0, layout.checksum);
  const digest = sequence(SHA256, octets(peHash(image, layout)));
  const signature = asContentInfo(
    encodeSignedData(
      {
        kind: 'embedded',
        type: INDIRECT_DATA,
        der: sequence(PE_IMAGE, digest),
        digested: Buffer.concat([PE_IMAGE, digest]),
      },
      signer,
    ),
  );
  const entry = Buffer.alloc(8);
  entry.writeUInt32LE(entry.length + signature.length, 0);
  entry.writeUInt16LE(WIN_CERT_REVISION, 4);
  entry.writeUInt16LE(WIN_CERT_PKCS, 6);
  const certificates = padded(Buffer.concat([entry, signature]));
  image.writeUInt32LE(image.length, layout.certificateEntry);
  image.writeUInt32LE(certificates.length, layout.certificateEntry + 4);
  return Buffer.concat([image, certificates]);
};
