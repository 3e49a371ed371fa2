import type { Files } from '../runtime/port.ts';

/** @returns at most so many bytes from the end of a file; undefined where there is none */
export const readEnd = async (
  files: Pick<Files, 'size' | 'open'>,
  path: string,
  maxBytes: number,
): Promise<Uint8Array | undefined> => {
  const size = await files.size(path);
  if (size === undefined) return undefined;
  const file = await files.open(path, 'read');
  try {
    return await file.read(Math.max(0, size - maxBytes), maxBytes);
  } finally {
    await file.close();
  }
};

// eslint-disable-next-line no-control-regex -- that is what it looks for
const ESCAPES = /\u001B\[[0-9;?]*[A-Za-z]/g;

/** The end of a text as lines of printable ASCII, which take at most twice the room in JSON. */
export const plainEnd = (text: string, maxCharacters: number): string => {
  const plain = text
    .replace(ESCAPES, '')
    .replace(/\r/g, '')
    .replace(/[^\n\u0020-\u007E]/g, ' ');
  return plain.length <= maxCharacters ? plain : plain.slice(-maxCharacters);
};
