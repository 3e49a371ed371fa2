import { SlipwayError } from '@slipway/protocol';
import type { AgentConfig } from '../config.ts';
import type { Runtime } from '../runtime/port.ts';
import { checkFat } from './check-fat.ts';

/** The EFI system partition: mounted only while it is used, by one user at a time. */
export type Esp = {
  /** @param work gets the directory where the ESP is mounted; all it wrote is on the disk when `use` returns */
  readonly use: <T>(work: (directory: string) => Promise<T>) => Promise<T>;
};

type Place = { readonly device: string | null; readonly directory: string };

/** @param prepare done once, right before it is mounted first */
const espAt = (
  runtime: Pick<Runtime, 'files' | 'processes'>,
  { device, directory }: Place,
  prepare: (device: string) => Promise<void>,
): Esp => {
  let isPrepared = false;
  let last: Promise<unknown> = Promise.resolve();
  const { run } = runtime.processes;
  const must = async (command: readonly string[]): Promise<void> => {
    const { status, stderr } = await run(command);
    if (status === 0) return;
    throw new SlipwayError('TOOL_FAILED', `${command.join(' ')}: status ${status}: ${stderr.trim()}`);
  };
  const mounted = async <T>(work: (directory: string) => Promise<T>): Promise<T> => {
    if (device === null) return work(directory);
    await runtime.files.makeDirectory(directory);
    await run(['umount', directory]); // left mounted by an agent that was killed
    if (!isPrepared) {
      isPrepared = true;
      await prepare(device);
    }
    await must(['mount', '-t', 'vfat', '-o', 'umask=0077', device, directory]);
    try {
      return await work(directory);
    } finally {
      await must(['sync']);
      await must(['umount', directory]);
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

const cliDirectory = (directory: string): string => `${directory}-cli`;

/** The ESP for the agent, checked before it is mounted first. */
export const openEsp = (
  runtime: Pick<Runtime, 'files' | 'processes' | 'log'>,
  { esp, procDir }: Pick<AgentConfig, 'esp' | 'procDir'>,
): Esp =>
  espAt(runtime, esp, async (device) => {
    const mounts = new TextDecoder().decode(await runtime.files.read(`${procDir}/mounts`));
    // While a command has it mounted it must not be mended; another start will do it.
    if (!mounts.includes(` ${cliDirectory(esp.directory)} `)) await checkFat(runtime, device);
  });

/**
 * The ESP for a command beside the running agent: mounted at a place of its own, because `openEsp` unmounts what it
 * finds at its place. The kernel keeps the two of one mind.
 */
export const cliEsp = (
  runtime: Pick<Runtime, 'files' | 'processes'>,
  { esp }: Pick<AgentConfig, 'esp'>,
): Esp =>
  espAt(
    runtime,
    { ...esp, directory: esp.device === null ? esp.directory : cliDirectory(esp.directory) },
    async () => {
      // The agent may have it mounted.
    },
  );
