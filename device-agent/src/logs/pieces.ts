const NEWLINE = 10;

/**
 * Splits bytes of a log into pieces of at most `max` bytes, at line ends where there are any.
 *
 * @param hasMore whether the log goes on: then a line begun at the end is left for later
 * @returns the pieces and how many bytes they take up
 */
export const splitPieces = (
  bytes: Uint8Array,
  max: number,
  hasMore: boolean,
): { readonly pieces: readonly Uint8Array[]; readonly taken: number } => {
  const pieces: Uint8Array[] = [];
  let at = 0;
  while (at < bytes.length) {
    const end = Math.min(at + max, bytes.length);
    const lineEnd = bytes.lastIndexOf(NEWLINE, end - 1) + 1;
    const isLast = end === bytes.length;
    if (isLast && hasMore && lineEnd <= at && end - at < max) break;
    const cut = (isLast && !hasMore) || lineEnd <= at ? end : lineEnd;
    pieces.push(bytes.subarray(at, cut));
    at = cut;
  }
  return { pieces, taken: at };
};

/** The newest lines. */
export const lastLines = (bytes: Uint8Array, lines: number): Uint8Array => {
  let end = bytes[bytes.length - 1] === NEWLINE ? bytes.length - 1 : bytes.length;
  for (let left = lines; left > 0; left--) {
    end = end <= 0 ? -1 : bytes.lastIndexOf(NEWLINE, end - 1);
    if (end < 0) return bytes;
  }
  return bytes.subarray(end + 1);
};

/** Text for a message: what neither JSON nor a database carries well is made visible. */
export const textOf = (bytes: Uint8Array): string =>
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  new TextDecoder().decode(bytes).replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, '\ufffd');
