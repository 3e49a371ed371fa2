import { SlipwayError } from '@slipway/protocol';

/** What a short name may hold besides letters and digits. */
const SHORT = /^([A-Z0-9!#$%&'()@^_`{}~-]{1,8})(?:\.([A-Z0-9!#$%&'()@^_`{}~-]{1,3}))?$/;
const NOT_SHORT = /[^A-Z0-9!#$%&'()@^_`{}~-]/g;
/** What no name may hold. */
// oxlint-disable-next-line no-control-regex -- the specification forbids them
const FORBIDDEN = /[\u0000-\u001f"*/:<>?\\|]|[. ]$/;
const MOST_UNITS = 255;
const MOST_TAIL = 999_999;

/** A name as directories hold it. */
export type FatName = {
  /** eleven bytes, padded by spaces */
  readonly short: string;
  /** absent: the short one says it all */
  readonly long?: string;
};

const padded = (base: string, extension: string): string => base.padEnd(8) + extension.padEnd(3);

const withTail = (name: string, taken: ReadonlySet<string>): string => {
  const dot = name.lastIndexOf('.');
  const [stem, ending] = dot > 0 ? [name.slice(0, dot), name.slice(dot + 1)] : [name, ''];
  const base = stem.replaceAll(/[. ]/g, '').replaceAll(NOT_SHORT, '_');
  const extension = ending.replaceAll(' ', '').replaceAll(NOT_SHORT, '_').slice(0, 3);
  for (let number = 1; number <= MOST_TAIL; number += 1) {
    const tail = `~${number}`;
    const short = padded(base.slice(0, 8 - tail.length) + tail, extension);
    if (!taken.has(short)) return short;
  }
  throw new SlipwayError('BUILD_FAILED', `expected fewer names like ${name} in one folder of a FAT`);
};

/**
 * Names for the entries of one folder, in their order. Letters of either case are the same to a FAT, so that a name with
 * small ones is a long one, whose short one is told apart by a number only where it does not fit.
 *
 * @throws {SlipwayError} BUILD_FAILED if a FAT cannot hold such a name, or two of them are the same to it
 */
export const fatNames = (names: readonly string[]): FatName[] => {
  const taken = new Set<string>();
  const seen = new Map<string, string>();
  for (const name of names) {
    if (name === '' || name.length > MOST_UNITS || FORBIDDEN.test(name))
      throw new SlipwayError(
        'BUILD_FAILED',
        `expected a name that a FAT can hold, found ${JSON.stringify(name)}`,
      );
    const upper = name.toUpperCase();
    const other = seen.get(upper);
    if (other !== undefined)
      throw new SlipwayError(
        'BUILD_FAILED',
        `expected names that differ in more than the case of letters, found ${other} and ${name}, which are one file to a FAT`,
      );
    seen.set(upper, name);
    const fits = SHORT.exec(upper);
    if (fits !== null) taken.add(padded(fits[1] ?? '', fits[2] ?? ''));
  }
  return names.map((name) => {
    const upper = name.toUpperCase();
    const fits = SHORT.exec(upper);
    if (fits !== null) {
      const short = padded(fits[1] ?? '', fits[2] ?? '');
      return name === upper ? { short } : { short, long: name };
    }
    const short = withTail(upper, taken);
    taken.add(short);
    return { short, long: name };
  });
};
