import { readFileSync, readdirSync } from 'node:fs';

/** Memory of one process, as the kernel accounts for it. */
export type ProcessMemory = {
  readonly pid: number;
  /** as `/proc/PID/comm` has it */
  readonly name: string;
  /** proportional set size: what is shared counts by its share, so that processes can be added up */
  readonly pssBytes: number;
  /** the part of it that no file stands behind: the kernel cannot drop it and read it again */
  readonly anonymousBytes: number;
  readonly rssBytes: number;
};

const KIB = 1024;

/** `getconf CLK_TCK` on every Linux that Slipway knows */
const TICKS_PER_SECOND = 100;

const memoryOf = (pid: number): ProcessMemory | undefined => {
  try {
    const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1');
    const field = (name: string): number =>
      KIB * Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(rollup)?.[1] ?? 0);
    const name = readFileSync(`/proc/${pid}/comm`, 'latin1').trim();
    return {
      pid,
      name,
      pssBytes: field('Pss'),
      anonymousBytes: field('Pss_Anon'),
      rssBytes: field('Rss'),
    };
  } catch {
    return undefined; // it has ended
  }
};

/** Fields of `/proc/PID/stat` behind the name, which stands in brackets and may hold anything. */
const statOf = (pid: number): readonly number[] | undefined => {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return text
      .slice(text.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
  } catch {
    return undefined; // it has ended
  }
};

type Stat = { readonly pid: number; readonly fields: readonly number[] };

/** A process and all that descend from it. */
const tree = (root: number): readonly Stat[] => {
  const all = readdirSync('/proc')
    .map(Number)
    .filter((pid) => Number.isInteger(pid))
    .flatMap((pid): Stat[] => {
      const fields = statOf(pid);
      return fields === undefined ? [] : [{ pid, fields }];
    });
  const found = all.filter(({ pid }) => pid === root);
  for (let at = 0; at < found.length; at++) {
    const parent = found[at]?.pid;
    found.push(...all.filter(({ fields }) => fields[1] === parent));
  }
  return found;
};

/**
 * A process and its descendants, largest first.
 *
 * @param except names of programs that only wrap what is measured
 * @returns undefined where processes came or went while they were looked at: what a new one shares with its parent
 *   would count twice
 */
export const treeMemory = (root: number, except: readonly string[]): readonly ProcessMemory[] | undefined => {
  const pids = (): readonly number[] => tree(root).map(({ pid }) => pid);
  const before = pids();
  const memories = before.map(memoryOf).filter((memory) => memory !== undefined);
  if (pids().join() !== before.join()) return undefined;
  return memories
    .filter(({ name, rssBytes }) => rssBytes > 0 && !except.includes(name))
    .sort((a, b) => b.pssBytes - a.pssBytes);
};

/** Of all together. */
export const totalMemory = (
  processes: readonly ProcessMemory[],
): { readonly pssBytes: number; readonly anonymousBytes: number } => ({
  pssBytes: processes.reduce((sum, { pssBytes }) => sum + pssBytes, 0),
  anonymousBytes: processes.reduce((sum, { anonymousBytes }) => sum + anonymousBytes, 0),
});

/** User and system time in seconds of a process and its descendants, and of the children they have waited for. */
export const treeCpuSeconds = (root: number): number => {
  const ticks = tree(root).map(({ fields }) => fields.slice(11, 15).reduce((sum, value) => sum + value, 0));
  return ticks.reduce((sum, value) => sum + value, 0) / TICKS_PER_SECOND;
};
