import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import {
  type Arch,
  Digest,
  MANIFEST_NAME,
  type Manifest,
  type ManifestFile,
  MAX_MANIFEST_BYTES,
  MAX_SIGNATURE_BYTES,
  SIGNATURE_NAME,
  SlipwayError,
} from '@slipway/protocol';
import { chunksOf, digestOf, readFully } from './digest-file.ts';
import {
  expectEnd,
  expectEntry,
  isZeroBlock,
  TAR_BLOCK_BYTES,
  TAR_END_BYTES,
  tarPadding,
} from './tar-header.ts';
import { verifyHead } from './verify-claims.ts';

export type VerifyBundle = {
  /** PEM: the only trust anchor */
  readonly releaseRootPem: string;
  readonly deviceClass?: string;
  readonly arch?: Arch;
  /** the bundle's counter must be greater */
  readonly aboveCounter?: number;
  /** when certificates must be valid; absent: now */
  readonly at?: Date;
};

export type VerifiedBundle = {
  readonly manifest: Manifest;
  /** of the whole file */
  readonly digest: Digest;
  readonly size: number;
};

/** Reads front to back through one handle, hashing every byte once: what was verified cannot be swapped by path. */
class Reader {
  readonly #file: FileHandle;
  readonly #hash = createHash('sha256');
  #position = 0;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  async take(length: number, what: string): Promise<Uint8Array> {
    const bytes = await this.upTo(length);
    if (bytes.length < length) throw malformed(`${length} bytes of ${what}`, `${bytes.length}`);
    return bytes;
  }

  async upTo(length: number): Promise<Uint8Array> {
    const bytes = await readFully(this.#file, this.#position, length);
    this.#position += bytes.length;
    this.#hash.update(bytes);
    return bytes;
  }

  async *chunks(size: number): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunksOf(this.#file, this.#position, size)) {
      this.#hash.update(chunk);
      yield chunk;
    }
    this.#position += size;
  }

  async padding(size: number): Promise<void> {
    if (!isZeroBlock(await this.take(tarPadding(size), 'padding')))
      throw malformed('padding of zeros', 'other bytes');
  }

  finish(): { digest: Digest; size: number } {
    return { digest: Digest.parse(`sha256:${this.#hash.digest('hex')}`), size: this.#position };
  }
}

const malformed = (expected: string, found: string): SlipwayError =>
  new SlipwayError(
    'BUNDLE_MALFORMED',
    `bundle: expected ${expected}, found ${found}; fetch the bundle again.`,
  );

const takeSmall = async (
  reader: Reader,
  name: typeof MANIFEST_NAME | typeof SIGNATURE_NAME,
  limit: number,
): Promise<Uint8Array> => {
  const size = expectEntry(await reader.take(TAR_BLOCK_BYTES, `header of ${name}`), name);
  if (size > limit) throw malformed(`at most ${limit} bytes of ${name}`, `${size}`);
  const bytes = await reader.take(size, name);
  await reader.padding(size);
  return bytes;
};

const mismatch = (
  file: ManifestFile,
  what: string,
  expected: number | string,
  found: number | string,
): SlipwayError =>
  new SlipwayError(
    'BUNDLE_DIGEST_MISMATCH',
    `${file.name}: expected ${what} ${expected}, found ${found}; fetch the bundle again.`,
    { details: { file: file.name, expected, found } },
  );

const verifyFile = async (reader: Reader, file: ManifestFile): Promise<void> => {
  const size = expectEntry(await reader.take(TAR_BLOCK_BYTES, `header of ${file.name}`), file.name);
  if (size !== file.size) throw mismatch(file, 'size', file.size, size);
  const whole = createHash('sha256');
  let at = 0;
  let received = 0;
  for await (const chunk of reader.chunks(size)) {
    const found = digestOf(chunk);
    if (found !== file.chunks[at])
      throw mismatch(file, `chunk ${at} to be`, file.chunks[at] ?? 'none', found);
    whole.update(chunk);
    received += chunk.length;
    at += 1;
  }
  if (received !== size) throw malformed(`${size} bytes of ${file.name}`, `${received}`);
  const found = `sha256:${whole.digest('hex')}`;
  if (found !== file.digest) throw mismatch(file, 'digest', file.digest, found);
  await reader.padding(size);
};

/** Whether a verified manifest is meant for this device, and is newer than what it runs. */
const verifyTarget = (manifest: Manifest, options: VerifyBundle): void => {
  const { deviceClass, arch, aboveCounter } = options;
  if (
    (deviceClass !== undefined && manifest.deviceClass !== deviceClass) ||
    (arch !== undefined && manifest.arch !== arch)
  ) {
    throw new SlipwayError(
      'BUNDLE_CLASS_MISMATCH',
      `Expected a bundle for ${deviceClass ?? 'any class'} on ${arch ?? 'any architecture'}, ` +
        `found one for ${manifest.deviceClass} on ${manifest.arch}; assign a release of the class of the device.`,
    );
  }
  if (aboveCounter !== undefined && manifest.counter <= aboveCounter) {
    throw new SlipwayError(
      'BUNDLE_COUNTER_TOO_LOW',
      `Expected a counter above ${aboveCounter}, found ${manifest.counter}; build a new release from the older inputs.`,
    );
  }
};

/**
 * Verifies a bundle from its first byte to its last: form, signature over the exact bytes of the manifest, manifest,
 * target, every file. Nothing of the manifest is parsed before its signature is verified.
 *
 * @throws {SlipwayError} BUNDLE_MALFORMED, _SIGNATURE_INVALID, _SIGNER_UNTRUSTED, _MANIFEST_INVALID, _CLASS_MISMATCH,
 *   _COUNTER_TOO_LOW, _FILE_UNLISTED, _DIGEST_MISMATCH
 */
export const verifyBundle = async (path: string, options: VerifyBundle): Promise<VerifiedBundle> => {
  await using file = await open(path);
  const reader = new Reader(file);
  const content = await takeSmall(reader, MANIFEST_NAME, MAX_MANIFEST_BYTES);
  const signature = await takeSmall(reader, SIGNATURE_NAME, MAX_SIGNATURE_BYTES);
  const manifest = await verifyHead({ content, signature }, options);
  verifyTarget(manifest, options);
  for (const listed of manifest.files) await verifyFile(reader, listed);
  expectEnd(await reader.upTo(TAR_END_BYTES + 1));
  return { manifest, ...reader.finish() };
};
