import { readdirSync, readFileSync } from 'node:fs';

type Stat = {
  readonly parent: number;
  readonly name: string;
  readonly session: number;
  readonly rssPages: number;
};

/** `/proc/PID/stat`; undefined for a process that has ended. The name stands in brackets and may hold anything. */
const statOf = (pid: number): Stat | undefined => {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return undefined;
  }
  const close = text.lastIndexOf(')');
  const fields = text
    .slice(close + 2)
    .split(' ')
    .map(Number);
  const [, parent = 0, , session = 0] = fields;
  return { parent, name: text.slice(text.indexOf('(') + 1, close), session, rssPages: fields[21] ?? 0 };
};

/**
 * Watches how much memory the processes of a session hold together, by looking often. What a process shares with
 * another counts twice; `wrapper` and the `time` below it do not count.
 *
 * @returns stops watching and gives the most bytes seen at one look
 */
export const watchMemory = (wrapper: number, intervalMs: number): (() => number) => {
  const strangers = new Set<number>();
  let mostPages = 0;
  const look = (): void => {
    let pages = 0;
    for (const name of readdirSync('/proc')) {
      const pid = Number(name);
      // A number smaller than the wrapper's belongs to an older process, unless numbers have just started over.
      if (!Number.isInteger(pid) || strangers.has(pid)) continue;
      const stat = statOf(pid);
      if (stat === undefined) continue;
      if (stat.session !== wrapper) strangers.add(pid);
      else if (pid !== wrapper && !(stat.parent === wrapper && stat.name === 'time')) pages += stat.rssPages;
    }
    mostPages = Math.max(mostPages, pages);
  };
  const timer = setInterval(look, intervalMs);
  return () => {
    clearInterval(timer);
    return mostPages * PAGE;
  };
};

/** on both architectures that Slipway knows */
const PAGE = 4096;
