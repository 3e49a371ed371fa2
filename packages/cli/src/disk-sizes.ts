import { SlipwayError } from '@slipway/protocol';

/** Bytes. */
export type DiskSizes = {
  readonly disk?: number;
  readonly esp?: number;
  readonly data?: number;
};

const KEYS = ['disk', 'esp', 'data'] as const;
const UNITS = ['K', 'M', 'G', 'T'];

/** `256M`; a number alone is MiB, as for LinuxKit. */
const bytesOf = (text: string): number | undefined => {
  const [, digits, unit] = /^([1-9]\d{0,5})([KMGT])?$/.exec(text) ?? [];
  return digits === undefined ? undefined : Number(digits) * 1024 ** (UNITS.indexOf(unit ?? 'M') + 1);
};

/**
 * `--size 2G` is that of the whole disk, `--size esp=256M,data=1G` that of partitions.
 *
 * @throws {SlipwayError} USAGE
 */
export const parseDiskSizes = (words: readonly string[]): DiskSizes => {
  const sizes: Partial<Record<(typeof KEYS)[number], number>> = {};
  for (const word of words) {
    const [name, text] = word.includes('=') ? word.split('=', 2) : ['disk', word];
    const key = KEYS.find((known) => known === name);
    const bytes = bytesOf(text ?? '');
    if (key === undefined || bytes === undefined)
      throw new SlipwayError(
        'USAGE',
        `--size ${word}: expected a size such as 2G, or sizes of partitions such as esp=256M,data=1G`,
      );
    sizes[key] = bytes;
  }
  return sizes;
};
