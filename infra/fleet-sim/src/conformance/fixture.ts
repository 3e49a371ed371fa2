import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseTrace, type WireEntry } from './trace.ts';

/** Renewed by `npm run campaign -- traces`. */
export const fixtureFileOf = (name: 'commit' | 'rollback'): string =>
  join(import.meta.dirname, 'fixture', `${name}.jsonl`);

/** What a real device said in QEMU: in the second trace it goes on from where the first ended. See docs/fleet-sim.md. */
export const readFixtures = (): { readonly commit: WireEntry[]; readonly rollback: WireEntry[] } => {
  const read = (name: 'commit' | 'rollback'): WireEntry[] =>
    parseTrace(readFileSync(fixtureFileOf(name), 'utf8'));
  return { commit: read('commit'), rollback: read('rollback') };
};
