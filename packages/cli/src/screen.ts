const HOME = '\u001b[H';
const CLEAR = '\u001b[2J';
const END_LINE = '\u001b[K';
const END_SCREEN = '\u001b[J';

/**
 * Draws texts one over the other. Nothing is wiped before it is written anew, so it does not flicker, and what had been
 * scrolled out of sight stays.
 *
 * @returns makes of a text what draws it, without the last line feed: cut to what fits
 */
export const openScreen = (
  size: () => { readonly columns: number; readonly rows: number },
): ((text: string) => string) => {
  let begun = false;
  return (text) => {
    const { columns, rows } = size();
    const lines = text.split('\n');
    // The cursor stays on a line of its own.
    const most = Math.max(1, rows - 1);
    const fitting =
      lines.length <= most ? lines : [...lines.slice(0, most - 1), `… ${lines.length - most + 1} lines more`];
    const drawn = fitting.map((line) => `${cut(line, columns)}${END_LINE}`).join('\n');
    const start = begun ? HOME : `${CLEAR}${HOME}`;
    begun = true;
    return `${start}${drawn}${END_SCREEN}`;
  };
};

const cut = (line: string, columns: number): string =>
  line.length > columns ? `${line.slice(0, columns - 1)}…` : line;
