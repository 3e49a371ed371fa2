/**
 * The order that dpkg has for a part of a version: runs of other characters and runs of digits in turn; letters come
 * before all other characters, and `~` even before the end. Digits may be of any length.
 *
 * @see https://www.debian.org/doc/debian-policy/ch-controlfields.html#version
 */
export const compareNatural = (a: string, b: string): number => {
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    while ((i < a.length && !isDigit(a, i)) || (j < b.length && !isDigit(b, j))) {
      const order = weight(a, i) - weight(b, j);
      if (order !== 0) return Math.sign(order);
      i++;
      j++;
    }
    const [one, other] = [digitsAt(a, i), digitsAt(b, j)];
    const order = compareDigits(one, other);
    if (order !== 0) return order;
    i += one.length;
    j += other.length;
  }
  return 0;
};

/** Longer than a double is exact, so as text. */
export const compareDigits = (a: string, b: string): number => {
  const [one, other] = [a.replace(/^0+/, ''), b.replace(/^0+/, '')];
  return Math.sign(one.length - other.length) || compareTexts(one, other);
};

export const compareTexts = (a: string, b: string): number => (a === b ? 0 : a < b ? -1 : 1);

const isDigit = (text: string, at: number): boolean => {
  const code = text.charCodeAt(at);
  return code >= 0x30 && code <= 0x39;
};

const DIGITS = /\d*/y;
const digitsAt = (text: string, at: number): string => {
  DIGITS.lastIndex = at;
  return DIGITS.exec(text)?.[0] ?? '';
};

/** A digit weighs as much as the end: both end a run. */
const weight = (text: string, at: number): number => {
  if (at >= text.length || isDigit(text, at)) return 0;
  const character = text.charAt(at);
  if (character === '~') return -1;
  return /[A-Za-z]/.test(character) ? text.charCodeAt(at) : text.charCodeAt(at) + 0x1_0000;
};
