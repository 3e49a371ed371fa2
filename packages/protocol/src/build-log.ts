import type { JobProgress } from './build.ts';

/**
 * Lines of `build.log`: the time, and a text; a step begins with `== `, its percentage and its name. So the log alone,
 * which any machine can read from the store, tells how a build went on.
 */
export type LogLine =
  | { readonly kind: 'log'; readonly at: string; readonly text: string }
  | { readonly kind: 'step'; readonly at: string; readonly step: string; readonly percent: number };

export const formatLogStep = ({ step, percent }: JobProgress): string => `== ${percent} % ${step}`;

/** @param line without its end */
export const parseLogLine = (line: string): LogLine => {
  const [, at = '', text = ''] = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) (.*)$/s.exec(line) ?? [];
  if (at === '') return { kind: 'log', at, text: line };
  const step = /^== (\d+(?:\.\d+)?) % (.+)$/s.exec(text);
  return step === null
    ? { kind: 'log', at, text }
    : { kind: 'step', at, percent: Number(step[1]), step: step[2] ?? '' };
};
