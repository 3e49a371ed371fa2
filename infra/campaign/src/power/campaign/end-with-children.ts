import { readFileSync, readdirSync } from 'node:fs';

/** Processes that this one has started: QEMU and mosquitto. Those below them end with their connections. */
const children = (): number[] => {
  const tasks = `/proc/${process.pid}/task`;
  return readdirSync(tasks)
    .flatMap((task) => readFileSync(`${tasks}/${task}/children`, 'utf8').trim().split(' '))
    .filter((pid) => pid !== '')
    .map(Number);
};

const STATUS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/** A campaign that is interrupted leaves no machine behind. What it has judged is on the disk already. */
export const endWithChildren = (print: (line: string) => void): void => {
  for (const [signal, status] of Object.entries(STATUS))
    process.once(signal, () => {
      print(`${signal}: ending; the same command goes on from here`);
      for (const pid of children()) {
        try {
          process.kill(pid, 'SIGKILL');
        } catch {
          // It ended by itself.
        }
      }
      process.exit(status);
    });
};
