import type { JobProgress } from '@slipway/protocol';
import type { Context } from './context.ts';
import { size } from './table.ts';

/** Steps that differ only in what they count are one. */
const stepKind = (step: string): string => step.replaceAll(/\d+/g, '');

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
  let lastStep = '';
  let lastAt = -Infinity;
  return ({ step, percent, bytes }) => {
    const amount = bytes === undefined ? '' : `: ${size(bytes.done)} of ${size(bytes.total)}`;
    const text = `${String(Math.round(percent)).padStart(3)} %  ${step}${amount}`;
    const at = now();
    // A step may be a long one, so that each is told; of its progress not everything.
    const isNew = stepKind(step) !== lastStep || percent === 100;
    if (text === lastText || (!isNew && at - lastAt < AT_MOST_EVERY_MS)) return;
    lastText = text;
    lastStep = stepKind(step);
    lastAt = at;
    context.err(text);
  };
};
