import type { ScannedFile } from '../found-package.ts';

/** A file in memory that counts what is read of it. */
export const fileOf = (
  path: string,
  content: string | Uint8Array,
  note: (bytes: number) => void = () => undefined,
): ScannedFile => {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  return {
    path,
    size: bytes.length,
    read: () => {
      note(bytes.length);
      return bytes;
    },
    readRange: (offset, length) => {
      const part = bytes.subarray(offset, offset + length);
      note(part.length);
      return part;
    },
  };
};
