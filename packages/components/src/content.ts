import { SlipwayError, systemError } from '@slipway/protocol';
import { closeSync, fstatSync, openSync, readSync, type Stats } from 'node:fs';

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
  /** of a file that others may change: as it was when its size was asked for */
  readonly asOf?: FileState;
};

/** Any write to a file, and any other file under its name, changes this. */
export type FileState = Pick<Stats, 'ino' | 'ctimeMs'>;

export const fileState = ({ ino, ctimeMs }: FileState): FileState => ({ ino, ctimeMs });

const changed = (file: string, what: string, cause?: unknown): SlipwayError =>
  new SlipwayError(
    'FILE_CHANGED',
    `${file}: ${what} while the build needed it; build again, and if it is a file of the cache that stays so, run slipway cache prune --all first`,
    { cause, details: { file } },
  );

/** @throws {SlipwayError} FILE_CHANGED if it is gone */
export const openStored = (file: string): number => {
  try {
    return openSync(file, 'r');
  } catch (error) {
    if (systemError(error, ['ENOENT', 'ENOTDIR']) === undefined) throw error;
    throw changed(file, 'it was removed', error);
  }
};

/**
 * To be asked when all of it has been read.
 *
 * @throws {SlipwayError} FILE_CHANGED
 */
export const assertUnchanged = (fd: number, { file, asOf }: StoredContent): void => {
  if (asOf === undefined) return;
  const { ino, ctimeMs } = fstatSync(fd);
  if (ino !== asOf.ino || ctimeMs !== asOf.ctimeMs) throw changed(file, 'it was changed');
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
      throw changed(file, `expected ${length} bytes at ${position}, found ${done}: it was cut`);
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
  const fd = openStored(content.file);
  try {
    for (const { at, offset, length: run } of extentsOf(content)) {
      const first = Math.max(at, from);
      const last = Math.min(at + run, end);
      if (first < last)
        readFully(fd, bytes.subarray(first - from, last - from), offset + first - at, content.file);
    }
    assertUnchanged(fd, content);
  } finally {
    closeSync(fd);
  }
  return bytes;
};
