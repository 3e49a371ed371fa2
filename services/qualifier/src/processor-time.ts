import { readFile } from 'node:fs/promises';

/** `sysconf(_SC_CLK_TCK)`, which Linux has the same everywhere for programs. */
const TICKS_PER_SECOND = 100;

/** Fields of `/proc/PID/stat` after the name, which may hold spaces and brackets. */
export const parseProcessorSeconds = (stat: string): number => {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
};

/** What a process has used of processors so far, in seconds; 0 where it is gone. */
export const processorSeconds = async (pid: number): Promise<number> => {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  return stat === undefined ? 0 : parseProcessorSeconds(stat);
};
