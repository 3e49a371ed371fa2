import type { JobProgress } from '@slipway/protocol';
import type { Context } from './context.ts';
import { size } from './table.ts';

/** Lines come at most this often, but for the last one. */
const AT_MOST_EVERY_MS = 200;

export type Progress = (progress: JobProgress) => void;

/** Steps on standard error, one below the other, so that a log can be read as well as a terminal. */
export const showProgress = (
  context: Pick<Context, 'err'>,
  isShown: boolean,
  now: () => number,
): Progress => {
  if (!isShown) return () => undefined;
  let lastText = '';
  let lastAt = -Infinity;
  return ({ step, percent, bytes }) => {
    const amount = bytes === undefined ? '' : `: ${size(bytes.done)} of ${size(bytes.total)}`;
    const text = `${String(Math.round(percent)).padStart(3)} %  ${step}${amount}`;
    const at = now();
    if (text === lastText || (percent < 100 && at - lastAt < AT_MOST_EVERY_MS)) return;
    lastText = text;
    lastAt = at;
    context.err(text);
  };
};
