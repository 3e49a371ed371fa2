import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { CHUNK_BYTES, Digest } from '@slipway/protocol';

/** Digest of a file as a whole and of each of its chunks: what a manifest says of it. */
export type FileDigest = {
  /** bytes */ readonly size: number;
  readonly digest: Digest;
  readonly chunks: Digest[];
};

export const digestOf = (bytes: Uint8Array): Digest =>
  Digest.parse(`sha256:${createHash('sha256').update(bytes).digest('hex')}`);

/** Digests a stream of chunks that are all `CHUNK_BYTES` long, but for the last. */
export class FileDigester {
  readonly #hash = createHash('sha256');
  readonly #chunks: Digest[] = [];
  #size = 0;

  update(chunk: Uint8Array): void {
    this.#hash.update(chunk);
    this.#chunks.push(digestOf(chunk));
    this.#size += chunk.length;
  }

  finish(): FileDigest {
    return {
      size: this.#size,
      digest: Digest.parse(`sha256:${this.#hash.digest('hex')}`),
      chunks: this.#chunks,
    };
  }
}

/** Where bytes are read from at a position; a `FileHandle` is one. */
export type ByteSource = {
  read(
    buffer: Uint8Array,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ readonly bytesRead: number }>;
};

/** Reads until `length` bytes or the end of the file; one `read` may give fewer. */
export const readFully = async (
  source: ByteSource,
  position: number,
  length: number,
): Promise<Uint8Array> => {
  const buffer = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await source.read(buffer, filled, length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
};

/** The bytes of a file from `start`, in chunks of `CHUNK_BYTES`; ends early where the file does. */
export async function* chunksOf(source: ByteSource, start: number, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < size; at += CHUNK_BYTES) {
    const length = Math.min(CHUNK_BYTES, size - at);
    const chunk = await readFully(source, start + at, length);
    if (chunk.length > 0) yield chunk;
    if (chunk.length < length) return;
  }
}

export const digestFile = async (path: string): Promise<FileDigest> => {
  await using file = await open(path);
  const digester = new FileDigester();
  for await (const chunk of chunksOf(file, 0, Number.MAX_SAFE_INTEGER)) digester.update(chunk);
  return digester.finish();
};
