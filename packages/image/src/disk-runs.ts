import { contentSize, type Piece } from '@slipway/components';
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
 */
export const runPieces = function* (runs: Iterable<Run>, to: number, from = 0): Generator<Piece> {
  let done = from;
  for (const { at, content } of runs) {
    if (at > done) yield holeOf(at - done);
    yield content;
    done = at + contentSize(content);
  }
  if (to > done) yield holeOf(to - done);
};
