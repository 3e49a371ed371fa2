/** A run of text that is written in one way. */
export type Run = {
  readonly text: string;
  /** 0 to 15 as terminals count them */
  readonly color?: number;
  readonly isBold?: boolean;
  readonly isDim?: boolean;
};
type Style = Omit<Run, 'text'>;

const ESCAPE = '\u001b';
// Everything else that a terminal would do, such as moving its cursor or setting its title, is left out.
// oxlint-disable-next-line no-control-regex -- it is about control characters
const SEQUENCE = /\u001b(?:\[([0-9;]*)([A-Za-z])|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[@-_])/g;

/** A line of a log as a terminal would colour it. */
export const parseAnsi = (line: string): readonly Run[] => {
  if (!line.includes(ESCAPE)) return [{ text: line }];
  const runs: Run[] = [];
  let style: Style = {};
  let from = 0;
  const take = (text: string): void => {
    if (text !== '') runs.push({ text, ...style });
  };
  for (const match of line.matchAll(SEQUENCE)) {
    take(line.slice(from, match.index));
    from = match.index + match[0].length;
    if (match[2] === 'm') style = styleAfter(style, match[1] ?? '');
  }
  take(line.slice(from));
  return runs;
};

const styleAfter = (before: Style, codes: string): Style => {
  let style = before;
  for (const code of codes.split(';').map(Number)) {
    if (code === 0) style = {};
    else if (code === 1) style = { ...style, isBold: true };
    else if (code === 2) style = { ...style, isDim: true };
    else if (code === 22) {
      const { isBold: _bold, isDim: _dim, ...rest } = style;
      style = rest;
    } else if (code >= 30 && code <= 37) style = { ...style, color: code - 30 };
    else if (code >= 90 && code <= 97) style = { ...style, color: code - 90 + 8 };
    else if (code === 39) {
      const { color: _, ...rest } = style;
      style = rest;
    }
  }
  return style;
};

/** Where a text is in the runs of a line, whatever its case: the same text, cut so that each piece is in it or not. */
export const markRuns = (
  runs: readonly Run[],
  wanted: string,
): readonly (Run & { readonly isMatch: boolean })[] => {
  if (wanted === '') return runs.map((run) => ({ ...run, isMatch: false }));
  const whole = runs
    .map(({ text }) => text)
    .join('')
    .toLowerCase();
  const needle = wanted.toLowerCase();
  const marks: [number, number][] = [];
  for (let at = whole.indexOf(needle); at !== -1; at = whole.indexOf(needle, at + needle.length))
    marks.push([at, at + needle.length]);
  let offset = 0;
  return runs.flatMap((run) => {
    const [begin, end] = [offset, offset + run.text.length];
    offset = end;
    const cuts = new Set([begin, end, ...marks.flat().filter((cut) => cut > begin && cut < end)]);
    const sorted = [...cuts].sort((a, b) => a - b);
    return sorted.slice(0, -1).map((from, index) => ({
      ...run,
      text: run.text.slice(from - begin, (sorted[index + 1] ?? end) - begin),
      isMatch: marks.some(([first, last]) => from >= first && from < last),
    }));
  });
};
