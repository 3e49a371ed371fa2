const isLetter = (character: string): boolean => /\p{L}/u.test(character);
const isDigit = (character: string): boolean => /\d/.test(character);

/** The digits at `index`. */
const digitsAt = (text: string, index: number): string => /^\d*/.exec(text.slice(index))?.[0] ?? '';

/** Whether a zero at `index` counts as part of a number that has begun with another digit. */
const continuesNumber = (text: string, index: number): boolean => /[1-9]\d*$/.test(text.slice(0, index));

/**
 * The order in which Go's YAML library writes the keys of a map: numbers within them by value, and letters after what is
 * no letter.
 */
export const compareKeys = (a: string, b: string): number => {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const [left, right] = [a.charAt(i), b.charAt(i)];
    if (left === right) continue;
    if (isLetter(left) !== isLetter(right)) {
      const lettersFirst = i > 0 && isDigit(a.charAt(i - 1));
      return isLetter(left) === lettersFirst ? -1 : 1;
    }
    if (isLetter(left)) return left < right ? -1 : 1;
    const [m, n] = [digitsAt(a, i), digitsAt(b, i)];
    const prefix = (left === '0' || right === '0') && continuesNumber(a, i) ? '1' : '';
    const byValue = Number(prefix + m) - Number(prefix + n);
    if (byValue !== 0) return byValue;
    return m.length === n.length ? (left < right ? -1 : 1) : m.length - n.length;
  }
  return a.length - b.length;
};
