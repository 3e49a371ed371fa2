import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseTrace, type WireEntry } from './trace.ts';

/** What a real device said in QEMU: in the second trace it goes on from where the first ended. See docs/fleet-sim.md. */
export const readFixtures = (): { readonly commit: WireEntry[]; readonly rollback: WireEntry[] } => {
  const read = (name: string): WireEntry[] =>
    parseTrace(readFileSync(join(import.meta.dirname, 'fixture', `${name}.jsonl`), 'utf8'));
  return { commit: read('commit'), rollback: read('rollback') };
};
