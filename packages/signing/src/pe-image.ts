import { createHash } from 'node:crypto';
import { SlipwayError } from '@slipway/protocol';

/** Where a PE image keeps what its signature leaves out. Offsets in bytes. */
export type PeLayout = {
  readonly checksum: number;
  /** the entry of the table of certificates in the data directories */
  readonly certificateEntry: number;
  readonly headerBytes: number;
  /** sections with bytes in the file, in the order of the file */
  readonly sections: readonly { readonly offset: number; readonly size: number }[];
};

const CERTIFICATE_TABLE = 4;
const PE32_PLUS = 0x20b;

const invalid = (found: string, cause?: unknown) =>
  new SlipwayError(
    'SIGN_POLICY_REFUSED',
    `expected an unsigned 64-bit PE image, found ${found}; build again`,
    { cause },
  );

/**
 * Reads the headers of an image that has no signature yet.
 *
 * @throws {SlipwayError} SIGN_POLICY_REFUSED
 */
export const readPeLayout = (image: Buffer): PeLayout => {
  try {
    const pe = image.readUInt32LE(0x3c);
    if (image.toString('latin1', 0, 2) !== 'MZ' || image.toString('latin1', pe, pe + 4) !== 'PE\0\0')
      throw invalid('something else');
    const optional = pe + 24;
    if (image.readUInt16LE(optional) !== PE32_PLUS) throw invalid('a 32-bit image');
    if (image.readUInt32LE(optional + 108) <= CERTIFICATE_TABLE)
      throw invalid('one without a place for a signature');
    const certificateEntry = optional + 112 + CERTIFICATE_TABLE * 8;
    if (image.readBigUInt64LE(certificateEntry) !== 0n) throw invalid('one that has a signature');
    const headerBytes = image.readUInt32LE(optional + 60);
    const table = optional + image.readUInt16LE(pe + 20);
    const sections = Array.from({ length: image.readUInt16LE(pe + 6) }, (_, index) => ({
      size: image.readUInt32LE(table + index * 40 + 16),
      offset: image.readUInt32LE(table + index * 40 + 20),
    }))
      .filter(({ size }) => size > 0)
      .toSorted((one, other) => one.offset - other.offset);
    // Bytes between or below sections would be in the file and not in the hash, or twice in it.
    let end = headerBytes;
    for (const { offset, size } of sections) {
      if (offset !== end) throw invalid(`a section at ${offset} after bytes that end at ${end}`);
      end = offset + size;
    }
    if (end > image.length) throw invalid(`sections that end at ${end} in a file of ${image.length} bytes`);
    return { checksum: optional + 64, certificateEntry, headerBytes, sections };
  } catch (error) {
    throw error instanceof SlipwayError ? error : invalid('headers that lie outside the file', error);
  }
};

/** SHA-256 of all but the checksum and the place of the signature. @see the Authenticode specification, "Calculating the PE Image Hash" */
export const peHash = (image: Buffer, { checksum, certificateEntry }: PeLayout): Buffer =>
  createHash('sha256')
    .update(image.subarray(0, checksum))
    .update(image.subarray(checksum + 4, certificateEntry))
    .update(image.subarray(certificateEntry + 8))
    .digest();
