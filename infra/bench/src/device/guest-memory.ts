import { SlipwayError } from '@slipway/protocol';
import { totalMemory, type ProcessMemory } from '../measure/pss.ts';
import type { Memory } from '../agent/result.ts';

const KIB = 1024;

/** Prints a line for each process of the guest that has memory: pid, parent, PSS, anonymous part, RSS in KiB, name. */
const SCRIPT = [
  'for p in /proc/[0-9]*; do',
  'm=$(awk \'/^(Pss|Pss_Anon|Rss):/ { f[$1] = $2 } END { print f["Pss:"] + 0, f["Pss_Anon:"] + 0, f["Rss:"] + 0 }\' $p/smaps_rollup) || continue;',
  'read -r name < $p/comm || continue;',
  'while read -r k v; do case $k in PPid:) parent=$v;; esac; done < $p/status;',
  'echo "${p#/proc/} $parent $m $name";',
  'done 2> /dev/null',
].join(' ');

/** The diagnostic by which a device tells its memory. */
export const MEMORY_DIAGNOSTIC = { name: 'memory', command: ['sh', '-c', SCRIPT] } as const;

/**
 * Memory of the agent in what the diagnostic printed: `qjs` and what it started, but for the diagnostic itself.
 *
 * @throws {SlipwayError} TOOL_FAILED where no agent is in it
 */
export const parseGuestMemory = (text: string): Memory => {
  const all = [...text.matchAll(/^(\d+) (\d+) (\d+) (\d+) (\d+) (.+)$/gm)].map(
    ([, pid, parent, pss, anonymous, rss, name = '']) => ({
      pid: Number(pid),
      parent: Number(parent),
      name,
      pssBytes: Number(pss) * KIB,
      anonymousBytes: Number(anonymous) * KIB,
      rssBytes: Number(rss) * KIB,
    }),
  );
  const [agent] = all.filter(
    ({ name, parent }) => name === 'qjs' && all.every(({ pid, name: of }) => pid !== parent || of !== 'qjs'),
  );
  if (agent === undefined) {
    throw new SlipwayError(
      'TOOL_FAILED',
      `expected the agent among the processes, found:\n${text.slice(0, 2000)}`,
    );
  }
  const found = [agent];
  for (const { pid } of found) {
    // The shell of the diagnostic, and what it runs.
    found.push(...all.filter(({ parent, name }) => parent === pid && name !== 'sh'));
  }
  const processes: ProcessMemory[] = found
    .filter(({ rssBytes }) => rssBytes > 0)
    .map(({ parent: _parent, ...process }) => process)
    .sort((a, b) => b.pssBytes - a.pssBytes);
  return { ...totalMemory(processes), processes };
};
