import { isTerminal, type Execution } from '@slipway/protocol';

export type Phase = {
  readonly state: Execution['state'];
  readonly at: string;
  /** until the next one; of the last that goes on, until now */
  readonly ms: number;
  readonly code: string | null;
};

/** How long an update was in each state. What is over lasts no longer. */
export const phasesOf = ({ history }: Pick<Execution, 'history'>, now: number): Phase[] =>
  history.map(({ state, at, code }, index) => {
    const next = history[index + 1];
    const end = next !== undefined ? Date.parse(next.at) : isTerminal(state) ? Date.parse(at) : now;
    return { state, at, code, ms: Math.max(0, end - Date.parse(at)) };
  });

export const durationOf = (phases: readonly Phase[]): number => phases.reduce((sum, { ms }) => sum + ms, 0);

export type Share = { readonly phase: Phase; readonly percent: number };

/** Of a bar: what is very short is seen, too. */
export const sharesOf = (phases: readonly Phase[], least = 2): Share[] => {
  const lasting = phases.filter(({ ms }) => ms > 0);
  const total = durationOf(lasting);
  if (total === 0) return [];
  const raw = lasting.map((phase) => ({ phase, percent: Math.max(least, (phase.ms / total) * 100) }));
  const sum = raw.reduce((all, { percent }) => all + percent, 0);
  return raw.map(({ phase, percent }) => ({ phase, percent: (percent / sum) * 100 }));
};
