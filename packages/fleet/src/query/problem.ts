import { SlipwayError } from '@slipway/protocol';
import type { Span } from './ast.ts';

const SHOWN = 100;

/** Code points: what stands in a line as one, but for those that join. */
const charactersOf = (text: string): readonly string[] => Array.from(text);

/**
 * A fault of a query, with the line it is in and a caret below it.
 *
 * @param what what was expected and found, and how to mend it
 */
export const queryProblem = (text: string, span: Span, what: string): SlipwayError => {
  const before = text.slice(0, span.offset);
  const start = before.lastIndexOf('\n') + 1;
  const line = before.split('\n').length;
  const whole = text.slice(start).split('\n', 1)[0] ?? '';
  // In characters, as people count; what is beyond the end of a line is not underlined.
  const column = charactersOf(text.slice(start, span.offset)).length + 1;
  const length = Math.max(
    1,
    charactersOf(whole.slice(span.offset - start, span.offset - start + span.length)).length,
  );

  const from = Math.max(0, column - 1 - SHOWN / 2);
  const shown = charactersOf(whole)
    .slice(from, from + SHOWN)
    .join('')
    .replace(/\s/g, ' ');
  const [left, right] = [from > 0 ? '… ' : '', from + SHOWN < charactersOf(whole).length ? ' …' : ''];
  const caret = ' '.repeat(left.length + column - 1 - from) + '^'.repeat(Math.min(length, SHOWN / 2));
  return new SlipwayError(
    'QUERY_INVALID',
    `Line ${line}, column ${column}: ${what}\n  ${left}${shown}${right}\n  ${caret}`,
    { details: { line, column, length } },
  );
};
