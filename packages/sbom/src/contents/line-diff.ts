/** A line that both texts have, or one of them. */
export type DiffLine = { readonly kind: 'same' | 'removed' | 'added'; readonly text: string };

/** Beyond this a table of all pairs gets too large; then everything in the middle counts as changed. */
const MAX_PAIRS = 4_000_000;

/** The longest lines in common, and what is beside them, in order. */
const between = (a: readonly string[], b: readonly string[]): DiffLine[] => {
  const removed = (text: string): DiffLine => ({ kind: 'removed', text });
  const added = (text: string): DiffLine => ({ kind: 'added', text });
  if (a.length * b.length > MAX_PAIRS) return [...a.map(removed), ...b.map(added)];
  const width = b.length + 1;
  const lengths = new Uint32Array((a.length + 1) * width);
  const at = (row: number, column: number): number => lengths[row * width + column] ?? 0;
  for (let row = a.length - 1; row >= 0; row--)
    for (let column = b.length - 1; column >= 0; column--)
      lengths[row * width + column] =
        a[row] === b[column]
          ? at(row + 1, column + 1) + 1
          : Math.max(at(row + 1, column), at(row, column + 1));
  const lines: DiffLine[] = [];
  let [row, column] = [0, 0];
  while (row < a.length && column < b.length) {
    const [left = '', right = ''] = [a[row], b[column]];
    if (left === right) {
      lines.push({ kind: 'same', text: left });
      row++;
      column++;
    } else if (at(row + 1, column) >= at(row, column + 1)) {
      lines.push(removed(left));
      row++;
    } else {
      lines.push(added(right));
      column++;
    }
  }
  return [...lines, ...a.slice(row).map(removed), ...b.slice(column).map(added)];
};

/** How one text becomes the other, line by line. */
export const diffLines = (from: string, to: string): DiffLine[] => {
  const [a, b] = [from.split('\n'), to.split('\n')];
  const same = (text: string): DiffLine => ({ kind: 'same', text });
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a.at(-1 - end) === b.at(-1 - end)) end++;
  return [
    ...a.slice(0, start).map(same),
    ...between(a.slice(start, a.length - end), b.slice(start, b.length - end)),
    ...a.slice(a.length - end).map(same),
  ];
};

const CONTEXT = 2;

/** Only what differs and a few lines around it, with a mark before each line; gaps are marked by `…`. */
export const showDiff = (lines: readonly DiffLine[]): string[] => {
  const isNear = (index: number): boolean =>
    lines.slice(Math.max(0, index - CONTEXT), index + CONTEXT + 1).some(({ kind }) => kind !== 'same');
  const mark = { same: ' ', removed: '-', added: '+' } as const;
  const shown: string[] = [];
  let wasShown = true;
  for (const [index, { kind, text }] of lines.entries()) {
    const isShown = isNear(index);
    if (isShown && !wasShown) shown.push('…');
    if (isShown) shown.push(`${mark[kind]} ${text}`);
    wasShown = isShown;
  }
  return shown;
};
