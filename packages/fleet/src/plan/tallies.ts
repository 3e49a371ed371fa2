import { addTallies, EMPTY_TALLY, type MemberState, type Tally } from './members.ts';
import type { PlanWave } from './types.ts';

/** How many members are where, as actions change it while a plan is made. */
export type Tallies = {
  readonly of: (wave: number) => Tally;
  readonly all: () => Tally;
  readonly move: (wave: number, from: MemberState, to: MemberState | undefined) => void;
};

export const talliesOf = (waves: readonly PlanWave[]): Tallies => {
  const known = new Map(waves.map(({ index, tally }) => [index, { ...tally }]));
  return {
    of: (wave) => known.get(wave) ?? EMPTY_TALLY,
    all: () => [...known.values()].reduce<Tally>(addTallies, EMPTY_TALLY),
    move: (wave, from, to) => {
      const tally = known.get(wave);
      if (tally === undefined) return;
      tally[from] -= 1;
      if (to !== undefined) tally[to] += 1;
    },
  };
};
