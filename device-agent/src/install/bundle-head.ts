import { parseManifestOnDevice, PAYLOAD_ORDER, type PayloadName } from '@slipway/bundle/manifest';
import {
  expectEnd,
  expectEntry,
  TAR_BLOCK_BYTES,
  TAR_END_BYTES,
  tarPadding,
} from '@slipway/bundle/tar-header';
import {
  MANIFEST_NAME,
  MAX_BLOCK_BYTES,
  MAX_MANIFEST_BYTES,
  MAX_SIGNATURE_BYTES,
  SIGNATURE_NAME,
  SlipwayError,
} from '@slipway/protocol';

export type DeviceManifest = ReturnType<typeof parseManifestOnDevice>;

/** The two files that decide, as bytes; nothing of them has been believed. */
export type BundleHead = {
  readonly manifest: Uint8Array;
  readonly signature: Uint8Array;
  /** where the header of the first payload must stand */
  readonly payloadAt: number;
};

type Read = (offset: number, length: number) => Promise<Uint8Array>;

const malformed = (expected: string, found: string): SlipwayError =>
  new SlipwayError(
    'BUNDLE_MALFORMED',
    `bundle: expected ${expected}, found ${found}; fetch the bundle again.`,
  );

/** Refuses to read past the size that the assignment claims. */
const within =
  (read: Read, size: number): Read =>
  async (offset, length) => {
    if (offset + length > size) throw malformed(`${length} bytes at ${offset}`, `a bundle of ${size} bytes`);
    return length === 0 ? new Uint8Array() : read(offset, length);
  };

/**
 * Reads manifest and signature from the front of a bundle, in one block where they fit.
 *
 * @param size of the bundle, bytes
 * @throws {SlipwayError} BUNDLE_MALFORMED, BUNDLE_FILE_UNLISTED
 */
export const readHead = async (read: Read, size: number): Promise<BundleHead> => {
  const first = await read(0, Math.min(size, MAX_BLOCK_BYTES));
  const take = within(
    async (offset, length) =>
      offset + length <= first.length ? first.subarray(offset, offset + length) : read(offset, length),
    size,
  );
  const file = async (
    at: number,
    name: typeof MANIFEST_NAME | typeof SIGNATURE_NAME,
    limit: number,
  ): Promise<{ bytes: Uint8Array; next: number }> => {
    const length = expectEntry(await take(at, TAR_BLOCK_BYTES), name);
    if (length > limit) throw malformed(`at most ${limit} bytes of ${name}`, `${length}`);
    const begin = at + TAR_BLOCK_BYTES;
    const padded = await take(begin, length + tarPadding(length));
    if (padded.subarray(length).some((byte) => byte !== 0))
      throw malformed('padding of zeros', 'other bytes');
    return { bytes: padded.slice(0, length), next: begin + padded.length };
  };
  const manifest = await file(0, MANIFEST_NAME, MAX_MANIFEST_BYTES);
  const signature = await file(manifest.next, SIGNATURE_NAME, MAX_SIGNATURE_BYTES);
  return { manifest: manifest.bytes, signature: signature.bytes, payloadAt: signature.next };
};

/** Where the bytes of each file of a bundle begin. */
export type PayloadOffsets = Readonly<Record<PayloadName, number>>;

/**
 * Offsets that follow from a verified manifest alone, and where the end of the archive begins.
 *
 * @param payloadAt offset of the first payload's header
 */
export const payloadOffsets = (
  manifest: DeviceManifest,
  payloadAt: number,
): { readonly offsets: PayloadOffsets; readonly end: number } => {
  const offsets: Record<PayloadName, number> = { 'uki.efi': 0, 'root.img': 0, 'sbom.cdx.json': 0 };
  let at = payloadAt;
  for (const file of manifest.files) {
    offsets[file.name] = at + TAR_BLOCK_BYTES;
    at += TAR_BLOCK_BYTES + file.size + tarPadding(file.size);
  }
  return { offsets, end: at };
};

/**
 * Holds the headers of the archive against a verified manifest: these files, in this order, of these sizes, and the
 * end right behind them.
 *
 * @throws {SlipwayError} BUNDLE_FILE_UNLISTED, BUNDLE_MALFORMED, BUNDLE_DIGEST_MISMATCH where a size differs
 */
export const checkHeaders = async (
  read: Read,
  size: number,
  manifest: DeviceManifest,
  payloadAt: number,
): Promise<void> => {
  const take = within(read, size);
  const { offsets, end } = payloadOffsets(manifest, payloadAt);
  for (const [at, name] of PAYLOAD_ORDER.entries()) {
    const found = expectEntry(await take(offsets[name] - TAR_BLOCK_BYTES, TAR_BLOCK_BYTES), name);
    const expected = manifest.files[at]?.size;
    if (found === expected) continue;
    throw new SlipwayError(
      'BUNDLE_DIGEST_MISMATCH',
      `${name}: expected size ${expected}, found ${found}; fetch the bundle again.`,
    );
  }
  expectEnd(await take(end, Math.max(0, Math.min(size - end, TAR_END_BYTES + 1))));
};
