import { SlipwayError } from '@slipway/protocol';
import type { AgentConfig } from '../config.ts';
import type { Runtime } from '../runtime/port.ts';

/** The EFI system partition: mounted only while it is used, by one user at a time. */
export type Esp = {
  /** @param work gets the directory where the ESP is mounted; all it wrote is on the disk when `use` returns */
  readonly use: <T>(work: (directory: string) => Promise<T>) => Promise<T>;
};

export const openEsp = (
  runtime: Pick<Runtime, 'files' | 'processes'>,
  { esp }: Pick<AgentConfig, 'esp'>,
): Esp => {
  let last: Promise<unknown> = Promise.resolve();
  const { run } = runtime.processes;
  const must = async (command: readonly string[]): Promise<void> => {
    const { status, stderr } = await run(command);
    if (status === 0) return;
    throw new SlipwayError('TOOL_FAILED', `${command.join(' ')}: status ${status}: ${stderr.trim()}`);
  };
  const mounted = async <T>(work: (directory: string) => Promise<T>): Promise<T> => {
    if (esp.device === null) return work(esp.directory);
    await runtime.files.makeDirectory(esp.directory);
    await run(['umount', esp.directory]); // left mounted by an agent that was killed
    await must(['mount', '-t', 'vfat', '-o', 'umask=0077', esp.device, esp.directory]);
    try {
      return await work(esp.directory);
    } finally {
      await must(['sync']);
      await must(['umount', esp.directory]);
    }
  };
  return {
    use: async (work) => {
      const turn = last.then(() => mounted(work));
      last = turn.catch(() => undefined);
      return turn;
    },
  };
};

/**
 * The ESP for a command beside the running agent: mounted at a place of its own, because `openEsp` unmounts what it
 * finds at its place. The kernel keeps the two of one mind.
 */
export const cliEsp = (
  runtime: Pick<Runtime, 'files' | 'processes'>,
  { esp }: Pick<AgentConfig, 'esp'>,
): Esp =>
  openEsp(runtime, {
    esp: esp.device === null ? esp : { ...esp, directory: `${esp.directory}-cli` },
  });
