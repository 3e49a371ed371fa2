import { z } from 'zod';

const UNITS = 'KMGT';

/** `256M`, `2G`: binary units. Parses to bytes. */
export const Size = z
  .string()
  .regex(/^[1-9]\d{0,5}[KMGT]$/, 'a size such as 256M or 2G (K, M, G, T are powers of 1024)')
  .meta({ description: 'A size such as 256M or 2G; K, M, G and T are powers of 1024.' })
  .transform((text) => Number(text.slice(0, -1)) * 1024 ** (UNITS.indexOf(text.slice(-1)) + 1));
