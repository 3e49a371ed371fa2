/** Numbers as people read them, each with its unit. */

const plain = new Intl.NumberFormat('en');
const short = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 });

export const count = (value: number): string => plain.format(value);

/** `one device`, `3,120 devices` */
export const counted = (value: number, one: string, many = `${one}s`): string =>
  `${plain.format(value)} ${value === 1 ? one : many}`;

const BYTE_UNITS = ['B', 'KB', 'MB', 'GB', 'TB', 'PB'] as const;

/** In powers of 1000, as disks and links are sold: `17.9 MB`. */
export const bytes = (value: number): string => {
  let rest = Math.abs(value);
  let unit = 0;
  // 999.5 would be written as 1,000 of the smaller unit.
  while (rest >= 999.5 && unit < BYTE_UNITS.length - 1) {
    rest /= 1000;
    unit += 1;
  }
  const sign = value < 0 ? '−' : '';
  return `${sign}${unit === 0 ? plain.format(rest) : short.format(rest)} ${BYTE_UNITS[unit] ?? 'B'}`;
};

/** With its sign: `+1.2 MB`, `−300 KB`, `±0 B`. */
export const bytesChange = (value: number): string =>
  value === 0 ? '±0 B' : `${value > 0 ? '+' : ''}${bytes(value)}`;

/** A share of a whole: `12 %`, `0.4 %`; never rounded to 0 or 100 where it is neither. */
export const percent = (part: number, whole: number): string => {
  if (whole <= 0) return '–';
  const value = (part / whole) * 100;
  if (value > 0 && value < 0.1) return '< 0.1 %';
  if (value < 100 && value > 99.9) return '> 99.9 %';
  return `${value > 0 && value < 10 ? value.toFixed(1).replace(/\.0$/, '') : Math.round(value * 10) / 10 > 99 && value < 100 ? value.toFixed(1) : Math.round(value)} %`;
};

const SPANS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1000],
] as const;

/** The two largest units: `3 d 4 h`, `2 min 5 s`, `340 ms`. */
export const span = (ms: number): string => {
  const whole = Math.max(0, ms);
  if (whole < 1000) return `${Math.round(whole)} ms`;
  const at = SPANS.findIndex(([, size]) => whole >= size);
  const [unit, size] = SPANS[at] ?? SPANS[3];
  const next = SPANS[at + 1];
  const first = Math.floor(whole / size);
  if (next === undefined) return whole < 10_000 ? `${(whole / size).toFixed(1)} s` : `${first} s`;
  const second = Math.floor((whole - first * size) / next[1]);
  return second === 0 ? `${first} ${unit}` : `${first} ${unit} ${second} ${next[0]}`;
};
