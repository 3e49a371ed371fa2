import { z } from 'zod';

const UNITS = 'KMGT';

/** `256M`, `2G`: binary units. Parses to bytes. */
export const Size = z
  .string()
  .regex(/^[1-9]\d{0,5}[KMGT]$/, 'a size such as 256M or 2G (K, M, G, T are powers of 1024)')
  .meta({ description: 'A size such as 256M or 2G; K, M, G and T are powers of 1024.' })
  .transform((text) => Number(text.slice(0, -1)) * 1024 ** (UNITS.indexOf(text.slice(-1)) + 1));

/** The text that parses to so many bytes, which are a multiple of 1024. */
export const formatSize = (bytes: number): string => {
  let [count, unit] = [bytes / 1024, 0];
  while (count % 1024 === 0 && unit < UNITS.length - 1) {
    count /= 1024;
    unit += 1;
  }
  return `${count}${UNITS.charAt(unit)}`;
};
