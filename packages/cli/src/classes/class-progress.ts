import type { JobProgress } from '@slipway/protocol';
import type { Context } from '../context.ts';
import { showProgress, type Progress } from '../build-progress.ts';

/** Steps of several builds, line by line, each with its class: one log of all of them. */
export const showClassProgress = (
  context: Pick<Context, 'err'>,
  names: readonly string[],
  isShown: boolean,
  now: () => number,
): ((name: string) => Progress) => {
  const width = Math.max(0, ...names.map((name) => name.length));
  let ended = 0;
  return (name) => {
    const told = `${name.padEnd(width)} `;
    const show = showProgress({ err: (line) => context.err(`${told}${line}`) }, isShown, now);
    return (progress: JobProgress) => {
      if (progress.percent === 100) ended += 1;
      const of = progress.percent === 100 && names.length > 1 ? ` (${ended} of ${names.length})` : '';
      show({ ...progress, step: `${progress.step}${of}` });
    };
  };
};
