/** Pieces of bytes of which the first ones come up far more often than the last, as words of a language do. */
export type Vocabulary = {
  readonly bytes: Uint8Array;
  /** piece n is `bytes` from `starts[n]` to `starts[n + 1]` */
  readonly starts: Uint32Array;
  /** indexed by 16 random bits, the number of a piece */
  readonly picks: Uint16Array;
};

export const vocabularyOf = (pieces: readonly Uint8Array[]): Vocabulary => {
  const starts = new Uint32Array(pieces.length + 1);
  for (const [number, piece] of pieces.entries()) starts[number + 1] = (starts[number] ?? 0) + piece.length;
  const picks = new Uint16Array(1 << 16);
  const scale = Math.log(pieces.length + 1);
  // Zipf's law: the inverse of its distribution function, at evenly spaced places.
  for (let at = 0; at < picks.length; at += 1)
    picks[at] = Math.min(pieces.length - 1, Math.floor(Math.exp((at / picks.length) * scale)) - 1);
  return { bytes: Buffer.concat(pieces), starts, picks };
};

/** @returns where the next piece goes */
export const putPiece = (
  { bytes, starts, picks }: Vocabulary,
  bits: number,
  into: Uint8Array,
  from: number,
  to: number,
): number => {
  const number = picks[bits & 0xffff] ?? 0;
  const end = starts[number + 1] ?? 0;
  let at = from;
  for (let source = starts[number] ?? 0; source < end && at < to; source += 1)
    into[at++] = bytes[source] ?? 0;
  return at;
};
