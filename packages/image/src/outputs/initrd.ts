import {
  contentSize,
  CPIO_TRAILER,
  cpioEntries,
  MAX_CPIO_FILE_BYTES,
  sortedEntries,
  type Piece,
  type Tree,
  type TreeEntry,
} from '@slipway/components';
import { SlipwayError } from '@slipway/protocol';
import { gzipSegments, segment, type Segment } from './gzip-segments.ts';

const CONTAINER_ROOT = /^(containers\/[^/]+\/[^/]+\/(?:rootfs|lower))\//;
/** Runs shorter than this are compressed together with their neighbours. */
const MIN_SEGMENT_BYTES = 256 * 1024;

/** The kernel leaves out longer names and targets, without a word. */
const MAX_PATH_BYTES = 4095;
const END_MARK = 'TRAILER!!!';

/** What the format cannot say, or what readers would understand in different ways. */
const assertFits = (entry: TreeEntry): void => {
  const refuse = (why: string): never => {
    const path = entry.path.length > 80 ? `${entry.path.slice(0, 80)}…` : entry.path;
    throw new SlipwayError('OUTPUT_UNSUPPORTED', `${path}: ${why}; choose another format`, {
      details: { path: entry.path },
    });
  };
  if (entry.type === 'file' && contentSize(entry.content) > MAX_CPIO_FILE_BYTES)
    refuse(
      `expected a file of at most 4 GiB, which is all that an initrd can hold, found ${contentSize(entry.content)} bytes`,
    );
  if (entry.path === END_MARK) refuse('expected another name: this one ends the archive of an initrd');
  const target = entry.type === 'symlink' ? entry.target : '';
  const length = Math.max(Buffer.byteLength(entry.path), Buffer.byteLength(target));
  if (length > MAX_PATH_BYTES)
    refuse(`expected names and targets of at most ${MAX_PATH_BYTES} bytes in an initrd, found ${length}`);
};

/** What changes together: the files of one container, or one folder at the top. */
const groupOf = (path: string): string => CONTAINER_ROOT.exec(path)?.[1] ?? path.split('/', 1)[0] ?? '';

/** Cuts the archive where one part ends and the next begins. */
const cpioSegments = (tree: Tree): Segment[] => {
  const entries = sortedEntries(tree).filter(({ path }) => !path.startsWith('boot/'));
  const segments: Segment[] = [];
  let group = '';
  let pieces: Piece[] = [];
  let small: Piece[] = [];
  let total = 0;
  const flushSmall = (): void => {
    if (small.length > 0) segments.push(segment(small));
    small = [];
  };
  const flush = (): void => {
    const run = segment(pieces);
    if (run.size < MIN_SEGMENT_BYTES) small.push(...pieces);
    else {
      flushSmall();
      segments.push(run);
    }
    pieces = [];
  };
  for (const { entry, pieces: own } of cpioEntries(entries)) {
    assertFits(entry);
    const next = groupOf(entry.path);
    if (next !== group) {
      flush();
      group = next;
    }
    for (const piece of own) {
      pieces.push(piece);
      total += contentSize(piece);
    }
  }
  flush();
  total += CPIO_TRAILER.length;
  small.push(CPIO_TRAILER, new Uint8Array((512 - (total % 512)) % 512));
  flushSmall();
  return segments;
};

/**
 * The initrd of a tree without its `boot/`: a gzip-compressed newc cpio, microcode before it as it is.
 *
 * @throws {SlipwayError} OUTPUT_UNSUPPORTED
 */
export const initrdPieces = async (
  tree: Tree,
  ucode: Piece | undefined,
  cacheDir: string,
): Promise<Piece[]> => [
  ...(ucode === undefined ? [] : [ucode]),
  ...(await gzipSegments(cpioSegments(tree), cacheDir)),
];
