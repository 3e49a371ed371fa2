import { contentSize, type Piece } from '@slipway/components';
import { SlipwayError } from '@slipway/protocol';
import { holeOf } from './hole.ts';

/** Bytes at a place of a disk. */
export type Run = {
  /** bytes from the start of the disk */
  readonly at: number;
  readonly content: Piece;
};

/**
 * A disk as pieces, up to `to`: what lies between the runs is zero.
 *
 * @param runs in order
 * @param from where the first piece is to begin
 * @throws {SlipwayError} INTERNAL if a run begins before the end of the one before, or ends behind `to`: all behind it would be
 *   out of place
 */
export const runPieces = function* (runs: Iterable<Run>, to: number, from = 0): Generator<Piece> {
  let done = from;
  for (const { at, content } of runs) {
    const end = at + contentSize(content);
    if (at < done || end > to)
      throw new SlipwayError(
        'INTERNAL',
        `expected a run of the disk between byte ${done} and ${to}, found one from ${at} to ${end}`,
      );
    if (at > done) yield holeOf(at - done);
    yield content;
    done = end;
  }
  if (to > done) yield holeOf(to - done);
};
