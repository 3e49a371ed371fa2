import { messageOf, type SlipwayError } from '@slipway/protocol';
import { open, type FileHandle } from 'node:fs/promises';
import { posix } from 'node:path';
import { BLOCK, parseHeader, parsePax } from './archive-header.ts';
import type { StoredBlob } from './blobs.ts';
import { failure } from './failures.ts';

const MAX_ENTRIES = 100_000;
const MAX_RECORD_BYTES = 1024 * 1024;
const MAX_LINKS = 8;

type Entry =
  | { readonly type: 'file'; readonly offset: number; readonly size: number }
  | { readonly type: 'symlink' | 'hardlink'; readonly target: string };

/** The files of a tar by their names. The tar stays as it is; nothing is unpacked. */
export type Archive = {
  /** where the bytes of a file lie, with links followed inside the archive */
  readonly find: (name: string) => StoredBlob | undefined;
};

const safeName = (name: string, ref: string): string => {
  const parts = name.split('/').filter((part) => part !== '' && part !== '.');
  if (name.includes('\0') || name.startsWith('/') || parts.includes('..'))
    throw failure(
      'LAYER_UNSAFE',
      ref,
      `the archive holds the name ${JSON.stringify(name)}, which leaves it; do not use it`,
    );
  return parts.join('/');
};

const readAt = async (handle: FileHandle, offset: number, length: number): Promise<Buffer> => {
  const bytes = Buffer.alloc(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await handle.read(bytes, done, length - done, offset + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return bytes.subarray(0, done);
};

/** One pass over the headers. */
const scan = async (handle: FileHandle, ref: string): Promise<Map<string, Entry>> => {
  const { size: total } = await handle.stat();
  const entries = new Map<string, Entry>();
  let count = 0;
  let long: { name?: string; link?: string; size?: number } = {};
  for (let at = 0; at < total;) {
    const position = at;
    const invalid = (message: string): SlipwayError =>
      failure('COMPONENT_INVALID', ref, `the archive at byte ${position}: ${message}; copy or save it again`);
    const block = await readAt(handle, at, BLOCK);
    if (block.length < BLOCK) throw invalid('it is cut short');
    const header = parseHeader(block, invalid);
    if (header === undefined) break;
    if (++count > MAX_ENTRIES) throw invalid(`more than ${MAX_ENTRIES} entries`);
    const { type } = header;
    const extension = 'xgLK'.includes(type);
    const size = extension ? header.size : (long.size ?? header.size);
    const offset = at + BLOCK;
    if (offset + size > total)
      throw invalid(`an entry of ${size} bytes goes beyond the end; it is cut short`);
    at = offset + Math.ceil(size / BLOCK) * BLOCK;
    if (extension) {
      if (size > MAX_RECORD_BYTES) throw invalid(`a header of ${size} bytes`);
      const bytes = await readAt(handle, offset, size);
      const value = (): string => bytes.toString('utf8').replace(/\0+$/, '');
      if (type === 'L') long.name = value();
      if (type === 'K') long.link = value();
      if (type !== 'x') continue;
      const pax = parsePax(bytes, invalid);
      const paxSize = pax.get('size');
      if (paxSize !== undefined && !/^\d{1,15}$/.test(paxSize)) throw invalid('a size is no number');
      long = {
        ...long,
        ...(pax.has('path') ? { name: pax.get('path') ?? '' } : {}),
        ...(pax.has('linkpath') ? { link: pax.get('linkpath') ?? '' } : {}),
        ...(paxSize === undefined ? {} : { size: Number(paxSize) }),
      };
      if ([...pax.keys()].some((key) => key.startsWith('GNU.sparse'))) throw invalid('a sparse file');
      continue;
    }
    const name = safeName(long.name ?? header.name, ref);
    const link = long.link ?? header.link;
    long = {};
    if (type === '5') continue;
    if (!'0712'.includes(type))
      throw invalid(`an entry of type ${JSON.stringify(type)}, which images do not have`);
    // What a name means must not depend on who reads.
    if (entries.has(name)) throw invalid(`the name ${JSON.stringify(name)} twice`);
    if (type === '1') entries.set(name, { type: 'hardlink', target: safeName(link, ref) });
    else if (type === '2')
      entries.set(name, {
        type: 'symlink',
        target: safeName(link.startsWith('/') ? link : posix.join(posix.dirname(name), link), ref),
      });
    else entries.set(name, { type: 'file', offset, size });
  }
  return entries;
};

/**
 * @param file an uncompressed tar
 * @throws {SlipwayError} COMPONENT_NOT_FOUND, COMPONENT_INVALID, LAYER_UNSAFE
 */
export const openArchive = async (file: string, ref: string): Promise<Archive> => {
  const handle = await open(file, 'r').catch((error: unknown) => {
    throw failure('COMPONENT_NOT_FOUND', ref, `there is no archive at ${file}: ${messageOf(error)}`, {
      cause: error,
    });
  });
  let entries: Map<string, Entry>;
  try {
    entries = await scan(handle, ref);
  } finally {
    await handle.close();
  }
  return {
    find: (name) => {
      let entry = entries.get(name);
      for (let links = 0; entry !== undefined && entry.type !== 'file'; links++) {
        if (links === MAX_LINKS)
          throw failure(
            'LAYER_UNSAFE',
            ref,
            `the archive's ${JSON.stringify(name)} is a link without an end`,
          );
        entry = entries.get(entry.target);
      }
      return entry === undefined ? undefined : { file, offset: entry.offset, size: entry.size };
    },
  };
};
