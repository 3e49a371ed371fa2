/**
 * The order of semantic versions (2.0.0, clause 11); what follows `+` does not count. The database has the same order
 * in its function `version_order`, and a test compares the two.
 */
export const compareVersions = (a: string, b: string): number => {
  const [one, other] = [split(a), split(b)];
  for (let n = 0; n < Math.max(one.core.length, other.core.length); n++) {
    const order = compareNumbers(one.core[n] ?? '0', other.core[n] ?? '0');
    if (order !== 0) return order;
  }
  if (one.pre === undefined || other.pre === undefined)
    return Number(one.pre === undefined) - Number(other.pre === undefined);
  for (let n = 0; n < Math.min(one.pre.length, other.pre.length); n++) {
    const order = compareIdentifiers(one.pre[n] ?? '', other.pre[n] ?? '');
    if (order !== 0) return order;
  }
  return Math.sign(one.pre.length - other.pre.length);
};

const split = (version: string) => {
  const plain = version.replace(/\+.*$/s, '');
  const dash = plain.indexOf('-');
  return dash === -1
    ? { core: plain.split('.'), pre: undefined }
    : { core: plain.slice(0, dash).split('.'), pre: plain.slice(dash + 1).split('.') };
};

// Longer than a double is exact, so as text.
const compareNumbers = (a: string, b: string): number => {
  const [one, other] = [a.replace(/^0+/, ''), b.replace(/^0+/, '')];
  return one.length === other.length ? compareTexts(one, other) : Math.sign(one.length - other.length);
};

const isNumber = (identifier: string): boolean => /^\d+$/.test(identifier);

const compareIdentifiers = (a: string, b: string): number => {
  if (isNumber(a) && isNumber(b)) return compareNumbers(a, b);
  if (isNumber(a) !== isNumber(b)) return isNumber(a) ? -1 : 1;
  return compareTexts(a, b);
};

const compareTexts = (a: string, b: string): number => (a === b ? 0 : a < b ? -1 : 1);
