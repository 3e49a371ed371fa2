import { SlipwayError } from '@slipway/protocol';
import { closeSync, openSync, readSync } from 'node:fs';

/** A run of bytes that is there; what lies between runs is zero. */
export type Extent = {
  /** within the content, bytes */
  readonly at: number;
  /** within the file, bytes */
  readonly offset: number;
  readonly length: number;
};

/** A range of a file on disk, such as of a layer's tar in the cache, which nobody changes. */
export type StoredContent = {
  readonly file: string;
  readonly offset: number;
  /** bytes of the content, holes included */
  readonly size: number;
  /** of a sparse file, in order; absent: everything, from `offset` on */
  readonly extents?: readonly Extent[];
};

/** What a file holds: in memory if it is small or made here, else where it lies, so that memory stays bounded. */
export type Content = Uint8Array | StoredContent;

export const contentSize = (content: Content): number =>
  content instanceof Uint8Array ? content.length : content.size;

export const extentsOf = ({ offset, size, extents }: StoredContent): readonly Extent[] =>
  extents ?? (size === 0 ? [] : [{ at: 0, offset, length: size }]);

/** Fills a buffer, or `length` bytes of it from `at` on, from a file, whatever portions the system gives. */
export const readFully = (
  fd: number,
  into: Uint8Array,
  position: number,
  file: string,
  at = 0,
  length = into.length - at,
): void => {
  for (let done = 0; done < length;) {
    const count = readSync(fd, into, at + done, length - done, position + done);
    if (count === 0)
      throw new SlipwayError(
        'COMPONENT_INVALID',
        `${file}: expected ${length} bytes at ${position}, found ${done}; the cache was changed: run slipway cache prune --all`,
        { details: { file } },
      );
    done += count;
  }
};

/** All of it, in memory: for what has to be parsed. */
export const readContent = (content: Content): Uint8Array =>
  content instanceof Uint8Array ? content : readRange(content, 0, content.size);

/** A part of it, in memory; short where the content ends. */
export const readRange = (content: Content, from: number, length: number): Uint8Array => {
  const end = Math.min(from + length, contentSize(content));
  if (content instanceof Uint8Array) return content.subarray(from, end);
  const bytes = new Uint8Array(Math.max(0, end - from));
  const fd = openSync(content.file, 'r');
  try {
    for (const { at, offset, length: run } of extentsOf(content)) {
      const first = Math.max(at, from);
      const last = Math.min(at + run, end);
      if (first < last)
        readFully(fd, bytes.subarray(first - from, last - from), offset + first - at, content.file);
    }
  } finally {
    closeSync(fd);
  }
  return bytes;
};
