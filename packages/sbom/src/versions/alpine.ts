import { compareDigits, compareTexts } from './natural.ts';

/** What a part of a version is; of two versions that part ways, the one whose part comes later here is the lower. */
const KINDS = ['number', 'letter', 'suffix', 'suffix number', 'hash', 'unknown', 'revision', 'end'] as const;
type Part = { readonly kind: (typeof KINDS)[number]; readonly text: string };

const BEFORE = ['alpha', 'beta', 'pre', 'rc'];
const AFTER = ['cvs', 'svn', 'git', 'hg', 'p'];
const SUFFIXES: readonly string[] = [...BEFORE, ...AFTER];
const isBefore = ({ kind, text }: Part): boolean => kind === 'suffix' && BEFORE.includes(text);

/**
 * The order of `apk version -t`: `1.2.3a_rc1_p2~hash-r4`, numbers, one letter, suffixes with their numbers, a commit, the
 * revision of the package. What follows that apk does not know is compared as text.
 *
 * @see https://git.alpinelinux.org/apk-tools/tree/doc/apk-package.5.scd
 */
export const compareAlpine = (a: string, b: string): number => {
  const [one, other] = [partsOf(a), partsOf(b)];
  for (let at = 0; ; at++) {
    const [x, y] = [one[at] ?? END, other[at] ?? END];
    if (x.kind !== y.kind) return compareKinds(x, y);
    if (x.kind === 'end') return 0;
    const order = compareParts(x, y, at === 0);
    if (order !== 0) return order;
  }
};

const END: Part = { kind: 'end', text: '' };

const compareKinds = (x: Part, y: Part): number => {
  // `1.0_rc1` is before `1.0`, as is `1.0_alpha_pre` before `1.0_alpha`.
  if (isBefore(x) !== isBefore(y)) return isBefore(x) ? -1 : 1;
  return Math.sign(KINDS.indexOf(y.kind) - KINDS.indexOf(x.kind));
};

const compareParts = (x: Part, y: Part, isFirst: boolean): number => {
  switch (x.kind) {
    case 'number':
      // As decimals: 1.05 is before 1.1.
      return !isFirst && (x.text.startsWith('0') || y.text.startsWith('0'))
        ? compareTexts(x.text, y.text)
        : compareDigits(x.text, y.text);
    case 'suffix number':
    case 'revision':
      return compareDigits(x.text, y.text);
    case 'suffix':
      return Math.sign(SUFFIXES.indexOf(x.text) - SUFFIXES.indexOf(y.text));
    case 'letter':
    case 'hash':
    case 'unknown':
    case 'end':
      return compareTexts(x.text, y.text);
    default:
      return x.kind satisfies never;
  }
};

const SUFFIX = new RegExp(`^_(${SUFFIXES.join('|')})(?![a-z])`);

const partsOf = (version: string): readonly Part[] => {
  const parts: Part[] = [];
  let rest = version;
  const take = (kind: Part['kind'], pattern: RegExp): boolean => {
    const match = pattern.exec(rest);
    if (match === null) return false;
    rest = rest.slice(match[0].length);
    parts.push({ kind, text: match[1] ?? '' });
    return true;
  };
  if (take('number', /^(\d+)/)) while (take('number', /^\.(\d+)/));
  take('letter', /^([a-z])(?![a-z])/);
  while (take('suffix', SUFFIX)) take('suffix number', /^(\d+)/);
  take('hash', /^~([0-9a-f]+)/);
  take('revision', /^-r(\d+)/);
  if (rest !== '') parts.push({ kind: 'unknown', text: rest });
  return parts;
};
