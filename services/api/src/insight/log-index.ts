import {
  MAX_LOG_MATCHES,
  parseLogLine,
  type BuildLogLines,
  type BuildLogMatches,
  type BuildStep,
} from '@slipway/protocol';
import { readLines } from '../log-reader.ts';

/** Where lines of a log begin, so that those in the middle of a long one are found without reading all of it. */
type Index = {
  /** offset of every `EVERY`th line */
  readonly marks: number[];
  lines: number;
  /** bytes up to the end of the last whole line */
  end: number;
  readonly steps: Omit<BuildStep, 'endedAt'>[];
};

const EVERY = 256;
const KEPT = 16;

/** Logs grow at their ends only: what was read once is not read again. */
export const openLogIndexes = () => {
  const kept = new Map<string, Promise<Index>>();

  const upToDate = async (path: string): Promise<Index> => {
    const known = kept.get(path) ?? Promise.resolve({ marks: [0], lines: 0, end: 0, steps: [] });
    const next = known.then((index) => readOn(path, index));
    kept.delete(path);
    kept.set(path, next);
    next.catch(() => kept.delete(path));
    const [oldest] = kept.keys();
    if (kept.size > KEPT && oldest !== undefined) kept.delete(oldest);
    return next;
  };

  return {
    /** @param from number of a line from 0; negative: counted from the end */
    lines: async (path: string, from: number, limit: number): Promise<BuildLogLines> => {
      const { marks, lines: total, end } = await upToDate(path);
      const first = from < 0 ? Math.max(0, total + from) : Math.min(from, total);
      const last = Math.min(total, first + limit);
      const mark = Math.floor(first / EVERY);
      const skipped = first - mark * EVERY;
      const read = await readLines(path, marks[mark] ?? 0, false, skipped + last - first);
      return {
        total,
        from: first,
        offset: end,
        lines: read.slice(skipped).map(({ text }) => {
          const line = parseLogLine(text);
          return line.kind === 'step'
            ? { at: line.at, text: line.step, step: true }
            : { at: line.at, text: line.text, step: false };
        }),
      };
    },

    /** Lines that hold a text, whatever its case; the time of a line is not looked at. */
    matches: async (path: string, text: string): Promise<BuildLogMatches> => {
      const wanted = text.toLowerCase();
      const lines = (await readLines(path, 0, false)).flatMap((line, number) => {
        const parsed = parseLogLine(line.text);
        const said = parsed.kind === 'step' ? parsed.step : parsed.text;
        return said.toLowerCase().includes(wanted) ? [number] : [];
      });
      return { total: lines.length, lines: lines.slice(0, MAX_LOG_MATCHES) };
    },

    /** @param endedAt when the build ended, if it has */
    steps: async (path: string, endedAt: string | null): Promise<BuildStep[]> => {
      const { steps } = await upToDate(path);
      // Each attempt begins anew.
      const begun = steps.findLastIndex(({ percent }) => percent === 0);
      return steps.slice(Math.max(0, begun)).map((step, index, all) => ({
        ...step,
        endedAt: all[index + 1]?.startedAt ?? endedAt,
      }));
    },
  };
};
export type LogIndexes = ReturnType<typeof openLogIndexes>;

const readOn = async (path: string, known: Index): Promise<Index> => {
  // One that is still read by another must not change under it.
  const index = { ...known, marks: [...known.marks], steps: [...known.steps] };
  for (const { text, next } of await readLines(path, known.end, false)) {
    const parsed = parseLogLine(text);
    if (parsed.kind === 'step')
      index.steps.push({
        name: parsed.step,
        percent: parsed.percent,
        startedAt: parsed.at,
        line: index.lines,
      });
    index.lines += 1;
    index.end = next;
    if (index.lines % EVERY === 0) index.marks.push(index.end);
  }
  return index;
};
