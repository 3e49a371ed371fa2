import type { FatName } from './names.ts';

export const ENTRY_BYTES = 32;
export const ATTRIBUTES = { label: 0x08, directory: 0x10, file: 0x20 } as const;
const LONG_NAME = 0x0f;
const LAST_LONG = 0x40;
/** Of a long name, in each entry. */
const UNITS = 13;
/** Where they lie in it: at a byte, so many. */
const UNIT_RUNS = [
  [1, 5],
  [14, 6],
  [28, 2],
] as const;
/** FAT counts years from here. */
const EPOCH_YEAR = 1980;

const dateAndTime = (seconds: number): { date: number; time: number } => {
  const at = new Date(Math.max(seconds * 1000, Date.UTC(EPOCH_YEAR, 0)));
  return {
    date: ((at.getUTCFullYear() - EPOCH_YEAR) << 9) | ((at.getUTCMonth() + 1) << 5) | at.getUTCDate(),
    time: (at.getUTCHours() << 11) | (at.getUTCMinutes() << 5) | (at.getUTCSeconds() >> 1),
  };
};

/** An entry with a short name of eleven bytes. @param time seconds */
export const shortEntry = (
  short: string,
  attributes: number,
  { cluster, size, time }: { readonly cluster: number; readonly size: number; readonly time: number },
): Buffer => {
  const entry = Buffer.alloc(ENTRY_BYTES);
  const at = dateAndTime(time);
  entry.write(short, 'latin1');
  entry.writeUInt8(attributes, 11);
  entry.writeUInt16LE(at.time, 14);
  entry.writeUInt16LE(at.date, 16);
  entry.writeUInt16LE(at.date, 18);
  entry.writeUInt16LE(cluster >>> 16, 20);
  entry.writeUInt16LE(at.time, 22);
  entry.writeUInt16LE(at.date, 24);
  entry.writeUInt16LE(cluster & 0xffff, 26);
  entry.writeUInt32LE(size, 28);
  return entry;
};

/** By which the parts of a long name belong to the short one behind them. */
const checksum = (short: string): number =>
  Buffer.from(short, 'latin1').reduce((sum, byte) => ((((sum & 1) << 7) | (sum >> 1)) + byte) & 0xff, 0);

const longEntries = ({ short, long }: FatName): Buffer[] => {
  if (long === undefined) return [];
  const count = Math.ceil(long.length / UNITS);
  const sum = checksum(short);
  return Array.from({ length: count }, (_, index) => {
    const number = count - index;
    const entry = Buffer.alloc(ENTRY_BYTES);
    entry.writeUInt8(number | (index === 0 ? LAST_LONG : 0), 0);
    entry.writeUInt8(LONG_NAME, 11);
    entry.writeUInt8(sum, 13);
    let unit = (number - 1) * UNITS;
    for (const [start, length] of UNIT_RUNS)
      for (let at = start; at < start + 2 * length; at += 2, unit += 1)
        // Behind the name one zero, and then what no character is.
        entry.writeUInt16LE(
          unit < long.length ? long.charCodeAt(unit) : unit === long.length ? 0 : 0xffff,
          at,
        );
    return entry;
  });
};

/** How many entries a name takes. */
export const entryCount = ({ long = '' }: FatName): number => 1 + Math.ceil(long.length / UNITS);

/** The entries of a file or folder. */
export const namedEntries = (
  name: FatName,
  attributes: number,
  what: Parameters<typeof shortEntry>[2],
): Buffer[] => [...longEntries(name), shortEntry(name.short, attributes, what)];
