import type { WholeChainArch } from '@slipway/protocol';
import { CASE_NAMES, caseOf, type CaseName } from './cases.ts';
import type { Chain } from './chain.ts';
import type { Row } from './results.ts';

export type Wanted = {
  readonly case: readonly CaseName[];
  readonly arch: readonly WholeChainArch[];
  readonly slot: readonly ('a' | 'b')[];
};

const isDone = (rows: readonly Row[], name: string, arch: WholeChainArch, slot: 'a' | 'b'): boolean =>
  rows.some((row) => row.ok && row.case === name && row.arch === arch && row.slot === slot);

/** One chain per place and kind of firmware, of the cases that did not end well before. */
export const planChains = (wanted: Wanted, done: readonly Row[]): Chain[] =>
  wanted.arch.flatMap((arch) =>
    wanted.slot.flatMap((slot) =>
      [false, true].flatMap((secureBoot) => {
        const cases = CASE_NAMES.filter(
          (name) =>
            wanted.case.includes(name) &&
            (caseOf(name).secureBoot === true) === secureBoot &&
            !isDone(done, name, arch, slot),
        );
        return cases.length === 0 ? [] : [{ place: { arch, slot }, secureBoot, cases, update: true }];
      }),
    ),
  );
