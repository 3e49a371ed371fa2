import {
  contentSize,
  CPIO_TRAILER,
  cpioEntries,
  MAX_CPIO_FILE_BYTES,
  sortedEntries,
  type Piece,
  type Tree,
} from '@slipway/components';
import { SlipwayError } from '@slipway/protocol';
import { gzipSegments, segment, type Segment } from './gzip-segments.ts';

const CONTAINER_ROOT = /^(containers\/[^/]+\/[^/]+\/(?:rootfs|lower))\//;
/** Runs shorter than this are compressed together with their neighbours. */
const MIN_SEGMENT_BYTES = 256 * 1024;

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
    if (entry.type === 'file' && contentSize(entry.content) > MAX_CPIO_FILE_BYTES)
      throw new SlipwayError(
        'OUTPUT_UNSUPPORTED',
        `${entry.path}: expected a file of at most 4 GiB, which is all that an initrd can hold, found ${contentSize(entry.content)} bytes; choose another format`,
        { details: { path: entry.path } },
      );
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
