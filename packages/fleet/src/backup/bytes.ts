/** A piece of a stream that holds nothing but bytes, and whose types do not say so. */
export const bytesOf = (piece: unknown): Buffer => {
  if (!(piece instanceof Uint8Array)) throw new TypeError('a piece of an archive is no bytes');
  return Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
};
