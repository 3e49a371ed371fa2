import { setTimeout as delay } from 'node:timers/promises';
import { totalMemory, treeMemory } from '../measure/pss.ts';
import type { Memory } from './result.ts';

const LOOK_MS = 20;

/** They only give what is measured a root of its own. */
const WRAPPERS = ['bwrap', 'prlimit'];

const look = (pid: number, except: readonly string[]): Memory | undefined => {
  const processes = treeMemory(pid, [...WRAPPERS, ...except]);
  return processes === undefined ? undefined : { ...totalMemory(processes), processes: [...processes] };
};

/** @param except names of programs below `pid` that do not count */
export const memoryNow = async (pid: number, except: readonly string[] = []): Promise<Memory> => {
  for (;;) {
    const memory = look(pid, except);
    if (memory !== undefined) return memory;
    await delay(LOOK_MS);
  }
};

/** Looks until `work` is over; gives the most that was seen at one look. */
export const peakDuring = async (pid: () => number, work: Promise<unknown>): Promise<Memory> => {
  let peak: Memory = { pssBytes: 0, anonymousBytes: 0, processes: [] };
  const over = work.then(() => 'over' as const);
  do {
    const now = look(pid(), []);
    if (now !== undefined && now.pssBytes > peak.pssBytes) peak = now;
  } while ((await Promise.race([over, delay(LOOK_MS)])) !== 'over');
  return peak;
};
