/** What terminals do by escape sequences: colours, moving about. ECMA-48, 5.4. */
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const ESCAPES = /\u001b(?:\[[0-?]*[ -/]*[@-~]|[@-Z\\-_])/g;
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const CONTROLS = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/g;

/** What a device printed, line by line, without what only a terminal understands. */
export const consoleLines = (text: string): string[] => {
  const lines = text
    .replace(ESCAPES, '')
    .split(/\r*\n/)
    .map((line) => lastWritten(line).replace(CONTROLS, ''));
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
};

/** A carriage return writes over the line. */
const lastWritten = (line: string): string =>
  line
    .split('\r')
    .filter((part) => part !== '')
    .at(-1) ?? '';

export type LineKind = 'bad' | 'slipway' | 'plain';

export const kindOfLine = (line: string): LineKind => {
  if (/\b(?:panic|error|fail(?:ed|ure)?|refused|BUG:|Oops|Call Trace)\b/i.test(line)) return 'bad';
  return line.startsWith('slipway') ? 'slipway' : 'plain';
};
