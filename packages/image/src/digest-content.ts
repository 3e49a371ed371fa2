import { createHash } from 'node:crypto';
import { contentSize, readRange, type Content } from '@slipway/components';

const READ_BYTES = 1024 * 1024;

/** @returns the SHA-256 of all bytes, hexadecimal */
export const digestContent = (content: Content): string => {
  const hash = createHash('sha256');
  const size = contentSize(content);
  for (let at = 0; at < size; at += READ_BYTES) hash.update(readRange(content, at, READ_BYTES));
  return hash.digest('hex');
};
