import { open } from 'node:fs/promises';
import { systemError } from '@slipway/protocol';

/** A line, without its end, and the offset in bytes of what follows it. */
export type ReadLine = { readonly text: string; readonly next: number };

const CHUNK_BYTES = 256 * 1024;

/**
 * Whole lines of a log that grows, from a byte on.
 *
 * @param whole whether nobody writes to it any more, so that a last line without an end counts too
 * @param most how many lines at most
 * @returns nothing where there is no log yet
 */
export const readLines = async (
  path: string,
  from: number,
  whole: boolean,
  most = Number.POSITIVE_INFINITY,
): Promise<ReadLine[]> => {
  let file;
  try {
    file = await open(path, 'r');
  } catch (error) {
    if (systemError(error, ['ENOENT']) === undefined) throw error;
    return [];
  }
  await using log = file;
  const lines: ReadLine[] = [];
  let rest = Buffer.alloc(0);
  let at = from;
  for (;;) {
    const chunk = Buffer.alloc(CHUNK_BYTES);
    const { bytesRead } = await log.read(chunk, 0, CHUNK_BYTES, at + rest.length);
    const bytes = Buffer.concat([rest, chunk.subarray(0, bytesRead)]);
    let start = 0;
    for (let end = bytes.indexOf(10); end !== -1; end = bytes.indexOf(10, start)) {
      lines.push({ text: bytes.toString('utf8', start, end), next: at + end + 1 });
      start = end + 1;
    }
    rest = bytes.subarray(start);
    at += start;
    if (lines.length >= most) return lines.slice(0, most);
    if (bytesRead > 0) continue;
    if (whole && rest.length > 0) lines.push({ text: rest.toString('utf8'), next: at + rest.length });
    return lines;
  }
};
