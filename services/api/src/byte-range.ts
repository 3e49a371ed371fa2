/** A part of a file, from and to inclusive. */
export type ByteRange = { readonly start: number; readonly end: number };

/**
 * The one range that a request asks for (RFC 9110, 14.2).
 *
 * @param header of `Range`
 * @param ifRange of `If-Range`: the range counts only while the file is still that
 * @returns `whole` where there is none that counts, `unsatisfiable` where nothing of it is in the file
 */
export const parseRange = (
  header: string | undefined,
  size: number,
  etag: string | undefined,
  ifRange: string | undefined,
): ByteRange | 'whole' | 'unsatisfiable' => {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? '');
  if (match === null || (ifRange !== undefined && ifRange !== etag)) return 'whole';
  const [, from = '', to = ''] = match;
  if (from === '' && to === '') return 'whole';
  // `-N`: the last N bytes.
  const start = from === '' ? Math.max(0, size - Number(to)) : Number(from);
  const end = from === '' || to === '' ? size - 1 : Math.min(Number(to), size - 1);
  if (to !== '' && from !== '' && Number(to) < Number(from)) return 'whole';
  return start >= size || end < start ? 'unsatisfiable' : { start, end };
};
