import { messageOf, SlipwayError, type Digest } from '@slipway/protocol';
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { createUnpackLimit } from '@slipway/oci';
import { decodeIndex, encodeIndex, encodeRow } from './layer-index.ts';
import { markUsed } from './cache/mark-used.ts';
import { assertSafeName } from './safe-name.ts';
import { createTarParser } from './tar-parser.ts';
import type { TarEntry } from './tar-reader.ts';

const CHUNK_BYTES = 256 * 1024;
const MAX_ENTRIES = 2_000_000;
/** Of names, targets and attributes, which are kept in memory. */
const MAX_META_BYTES = 128 * 1024 * 1024;

/** A tar to be taken into the store. */
export type LayerSource = {
  /** of the unpacked tar; absent: of what it was made from, which `key` names */
  readonly diffId: Digest | undefined;
  /** name in the store: hex digits of the diff id, or of what the tar was made from */
  readonly key: string;
  readonly compression: 'none' | 'gzip' | 'zstd';
  /** bytes as they come; they are checked by whoever opens them */
  readonly open: () => Promise<Readable>;
  /** named in errors */
  readonly ref: string;
  /** told of every piece that arrives, in bytes as they come */
  readonly onBytes?: ((bytes: number) => void) | undefined;
};

const paths = (cacheDir: string, key: string) => {
  const base = join(cacheDir, 'layers', key.slice(0, 2), key);
  return { tar: `${base}.tar`, index: `${base}.json` };
};

const readIndexed = async (cacheDir: string, key: string): Promise<TarEntry[] | undefined> => {
  const { tar, index } = paths(cacheDir, key);
  const [text, info] = await Promise.all([
    readFile(index).catch(() => undefined),
    stat(tar).catch(() => undefined),
  ]);
  if (text === undefined || info === undefined) return undefined;
  const decoded = decodeIndex(text, tar);
  if (decoded?.size !== info.size) return undefined;
  return (await markUsed(index)) ? decoded.entries : undefined;
};

const decompressor = (compression: LayerSource['compression']): Transform | undefined =>
  compression === 'gzip'
    ? createGunzip({ chunkSize: CHUNK_BYTES })
    : compression === 'zstd'
      ? createZstdDecompress({ chunkSize: CHUNK_BYTES })
      : undefined;

const store = async (source: LayerSource, cacheDir: string): Promise<void> => {
  const { ref, diffId, key } = source;
  const { tar, index } = paths(cacheDir, key);
  await mkdir(join(tar, '..'), { recursive: true });
  const temporary = `${tar}.${process.pid}.${randomUUID()}.tmp`;
  const rows: ReturnType<typeof encodeRow>[] = [];
  const limit = createUnpackLimit(ref, 'a layer');
  let metaBytes = 0;
  const parser = createTarParser(ref, (header, data) => {
    assertSafeName(header.name, ref);
    if (rows.length >= MAX_ENTRIES)
      throw new SlipwayError('LAYER_UNSAFE', `${ref}: a layer of more than ${MAX_ENTRIES} entries`, {
        details: { component: ref },
      });
    metaBytes += header.name.length + header.linkName.length;
    for (const [key, value] of header.xattrs) metaBytes += key.length + value.length;
    if (metaBytes > MAX_META_BYTES)
      throw new SlipwayError(
        'LAYER_UNSAFE',
        `${ref}: a layer with more than ${MAX_META_BYTES} bytes of names and attributes`,
        { details: { component: ref } },
      );
    rows.push(encodeRow(header, data));
  });
  const hash = createHash('sha256');
  let size = 0;
  try {
    const file = await open(temporary, 'wx');
    const check = (chunk: Buffer): void => {
      size += chunk.length;
      limit.unpacked(chunk.length);
      hash.update(chunk);
      parser.push(chunk);
    };
    const sink = async (chunks: AsyncIterable<Buffer>): Promise<void> => {
      for await (const chunk of chunks) {
        check(chunk);
        await file.write(chunk);
      }
    };
    try {
      const bytes = await source.open();
      const unpack = decompressor(source.compression);
      const count = async function* (chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
        for await (const chunk of chunks) {
          if (unpack !== undefined) limit.packed(chunk.length);
          source.onBytes?.(chunk.length);
          yield chunk;
        }
      };
      if (unpack === undefined) await pipeline(bytes, count, sink);
      else await pipeline(bytes, count, unpack, sink);
    } finally {
      await file.close();
    }
    parser.end();
    const digest = `sha256:${hash.digest('hex')}`;
    if (diffId !== undefined && digest !== diffId)
      throw new SlipwayError(
        'COMPONENT_DIGEST_MISMATCH',
        `${ref}: expected the unpacked digest ${diffId} of a layer, found ${digest}; pack the component again`,
        { details: { component: ref, digest: diffId } },
      );
    const temporaryIndex = `${temporary}.json`;
    await writeFile(temporaryIndex, encodeIndex(rows, size));
    await rename(temporary, tar);
    await rename(temporaryIndex, index);
  } catch (error) {
    if (error instanceof SlipwayError) throw error;
    if (error instanceof Error && 'code' in error && String(error.code).startsWith('Z_'))
      throw new SlipwayError(
        'COMPONENT_INVALID',
        `${ref}: a layer does not unpack as ${source.compression}: ${messageOf(error)}; pack the image again, and fetch it with --pull`,
        { cause: error, details: { component: ref } },
      );
    throw error;
  } finally {
    await rm(temporary, { force: true });
    await rm(`${temporary}.json`, { force: true });
  }
};

/**
 * The entries of a layer, whose contents are ranges of one uncompressed tar in the cache. The first use streams the
 * layer there; nothing of it is ever unpacked into files of its own. Later uses, by any process, cost one index.
 *
 * @throws {SlipwayError} COMPONENT_INVALID, COMPONENT_DIGEST_MISMATCH, LAYER_UNSAFE, and what opening throws
 */
export const layerEntries = async (source: LayerSource, cacheDir: string): Promise<TarEntry[]> => {
  const known = await readIndexed(cacheDir, source.key);
  if (known !== undefined) return known;
  await store(source, cacheDir);
  const stored = await readIndexed(cacheDir, source.key);
  if (stored === undefined)
    throw new SlipwayError('INTERNAL', `${source.ref}: a layer vanished from the cache ${cacheDir}`);
  return stored;
};

/** Takes a layer out of the store: one that turned out to be unsafe leaves nothing behind. */
export const forgetLayer = async (key: string, cacheDir: string): Promise<void> => {
  const { tar, index } = paths(cacheDir, key);
  await rm(index, { force: true });
  await rm(tar, { force: true });
};
