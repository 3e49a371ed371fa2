import { readFileSync } from 'node:fs';

/** On every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

/** Processor time of a process so far, and the most memory it ever held. */
export const lookAtProcess = (pid: number): { readonly cpuSeconds: number; readonly peakBytes: number } => {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const peak = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1];
  return {
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND,
    peakBytes: Number(peak) * 1024,
  };
};
