import { constants, crc32, deflateRawSync } from 'node:zlib';
import { chunksOf, type Piece } from '@slipway/components';
import { GZIP_END, GZIP_HEADER, gzipTrailer } from '../gzip-segments.ts';

/** A chunk begins anew, which costs little at their size, and needs nothing of the one before. */
const OPTIONS = { level: 6, finishFlush: constants.Z_FULL_FLUSH };

/**
 * Pieces as one gzip member, compressed while they are taken.
 *
 * @param took told of each chunk how many bytes went in
 */
export const gzipPieces = function* (
  pieces: Iterable<Piece>,
  took?: (bytes: number) => void,
): Generator<Piece> {
  let crc = 0;
  let size = 0;
  yield GZIP_HEADER;
  for (const chunk of chunksOf(pieces, { reuse: true })) {
    crc = crc32(chunk, crc);
    size += chunk.length;
    yield deflateRawSync(chunk, OPTIONS);
    took?.(chunk.length);
  }
  yield GZIP_END;
  yield gzipTrailer(crc, size);
};
