import { z } from 'zod';

const UNITS = 'KMGT';

/** `20G`, in bytes; the units are powers of 1024. */
export const CacheSize = z
  .string()
  .regex(/^\d{1,6}[KMGT]$/, 'expected a size such as 500M or 20G')
  .transform((text) => Number(text.slice(0, -1)) * 1024 ** (UNITS.indexOf(text.slice(-1)) + 1));
