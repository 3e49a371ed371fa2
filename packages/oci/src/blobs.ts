import type { Digest } from '@slipway/protocol';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { checkedStream, mismatch, type Expected } from './checked-stream.ts';
import { digestOf } from './digest.ts';
import { failure } from './failures.ts';

/** Manifests, indexes and configs are far smaller; what is larger is no such document. */
export const MAX_DOCUMENT_BYTES = 4 * 1024 * 1024;

/** A document may be known by its digest alone. */
export type ExpectedDocument = { readonly digest: Digest; readonly size: number | undefined };

/** Where blobs of an image come from. Nothing that it gives is unchecked. */
export type BlobSource = {
  /** a document, whole; registries keep configs elsewhere than manifests and indexes */
  readonly read: (expected: ExpectedDocument, kind: 'manifest' | 'config') => Promise<Uint8Array>;
  /** bytes as they come; see {@link checkedStream} */
  readonly open: (expected: Expected) => Promise<Readable>;
};

/** A part of a file on disk. */
export type StoredBlob = { readonly file: string; readonly offset: number; readonly size: number };

export const assertDocumentSize = (size: number, ref: string, what: string): void => {
  if (size > MAX_DOCUMENT_BYTES)
    throw failure(
      'COMPONENT_INVALID',
      ref,
      `${what} has ${size} bytes, allowed are ${MAX_DOCUMENT_BYTES}; rebuild the image`,
    );
};

export const readStored = async ({ file, offset, size }: StoredBlob): Promise<Uint8Array> => {
  const handle = await open(file, 'r');
  try {
    const bytes = Buffer.alloc(size);
    let done = 0;
    while (done < size) {
      const { bytesRead } = await handle.read(bytes, done, size - done, offset + done);
      if (bytesRead === 0) break;
      done += bytesRead;
    }
    return bytes.subarray(0, done);
  } finally {
    await handle.close();
  }
};

export const streamStored = ({ file, offset, size }: StoredBlob): Readable =>
  size === 0
    ? Readable.from([])
    : createReadStream(file, { start: offset, end: offset + size - 1, highWaterMark: 256 * 1024 });

/**
 * Blobs that lie in files.
 *
 * @param locate finds a blob by its digest; undefined: there is none
 * @param place names the place in errors: `not in the layout`
 * @throws {SlipwayError} COMPONENT_NOT_FOUND, COMPONENT_DIGEST_MISMATCH
 */
export const createStoredBlobs = (
  locate: (digest: Digest) => Promise<StoredBlob | undefined>,
  ref: string,
  place: string,
): BlobSource => {
  const find = async (expected: ExpectedDocument): Promise<StoredBlob> => {
    const stored = await locate(expected.digest);
    if (stored === undefined)
      throw failure('COMPONENT_NOT_FOUND', ref, `blob ${expected.digest} is not in the ${place}`, {
        details: { digest: expected.digest },
      });
    if (expected.size !== undefined && stored.size !== expected.size)
      throw mismatch(ref, expected, `${stored.size} bytes`);
    return stored;
  };
  return {
    read: async (expected) => {
      const stored = await find(expected);
      assertDocumentSize(stored.size, ref, `blob ${expected.digest}`);
      const bytes = await readStored(stored);
      const digest = digestOf(bytes);
      if (digest !== expected.digest) throw mismatch(ref, expected, digest);
      return bytes;
    },
    open: async (expected) => checkedStream(streamStored(await find(expected)), expected, ref),
  };
};
