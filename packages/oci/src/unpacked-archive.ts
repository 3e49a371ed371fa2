import { messageOf, SlipwayError } from '@slipway/protocol';
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, open, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { failure } from './failures.ts';
import type { LayerCompression } from './oci-schema.ts';
import { createUnpackLimit } from './unpack-limit.ts';

const READ = { highWaterMark: 256 * 1024 };

/** By its first bytes, because names and media types of saved images say nothing about it. */
export const compressionAt = async ({
  file,
  offset,
  size,
}: {
  readonly file: string;
  readonly offset: number;
  readonly size: number;
}): Promise<LayerCompression> => {
  if (size < 4) return 'none';
  const handle = await open(file, 'r');
  try {
    const magic = Buffer.alloc(4);
    await handle.read(magic, 0, 4, offset);
    if (magic[0] === 0x1f && magic[1] === 0x8b) return 'gzip';
    return magic.readUInt32LE(0) === 0xfd2fb528 ? 'zstd' : 'none';
  } finally {
    await handle.close();
  }
};

/**
 * A tar that can be read at any place: the file itself, or a copy in the cache if it is compressed, which is named by
 * the digest of the compressed file.
 *
 * @throws {SlipwayError} COMPONENT_NOT_FOUND, COMPONENT_INVALID
 */
export const uncompressedArchive = async (file: string, cacheDir: string, ref: string): Promise<string> => {
  // Opening a pipe would wait for somebody to write to it.
  const info = await stat(file).catch(() => undefined);
  if (info !== undefined && !info.isFile())
    throw failure('COMPONENT_NOT_FOUND', ref, `expected an archive, found no regular file at ${file}`);
  const compression = await compressionAt({ file, offset: 0, size: Infinity }).catch((error: unknown) => {
    throw failure('COMPONENT_NOT_FOUND', ref, `there is no archive at ${file}: ${messageOf(error)}`, {
      cause: error,
    });
  });
  if (compression === 'none') return file;
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file, READ)) hash.update(chunk);
  const folder = join(cacheDir, 'archives');
  const path = join(folder, `${hash.digest('hex')}.tar`);
  if ((await stat(path).catch(() => undefined)) !== undefined) {
    // Pruning goes by the time of last use.
    const now = new Date();
    await utimes(path, now, now).catch(() => undefined);
    return path;
  }
  await mkdir(folder, { recursive: true });
  const temporary = `${path}.${process.pid}.${randomUUID()}.tmp`;
  const limit = createUnpackLimit(ref, 'the archive');
  const watch = (seen: (bytes: number) => void): Transform =>
    new Transform({
      transform(chunk: Buffer, _encoding, done) {
        try {
          seen(chunk.length);
          done(null, chunk);
        } catch (error) {
          done(error instanceof Error ? error : new Error(String(error)));
        }
      },
    });
  try {
    await pipeline(
      createReadStream(file, READ),
      watch(limit.packed),
      compression === 'gzip' ? createGunzip({ chunkSize: 256 * 1024 }) : createZstdDecompress(),
      watch(limit.unpacked),
      createWriteStream(temporary, { flags: 'wx' }),
    );
    await rename(temporary, path);
  } catch (error) {
    if (error instanceof SlipwayError) throw error;
    throw failure(
      'COMPONENT_INVALID',
      ref,
      `${file} does not unpack as ${compression}: ${messageOf(error)}`,
      {
        cause: error,
      },
    );
  } finally {
    await rm(temporary, { force: true });
  }
  return path;
};
