import type { Processes } from './port.ts';

/** Status of a process of a test that would have restarted the machine. */
export const REBOOT_STATUS = 75;

/**
 * @param command null: end the process instead
 * @param argument its last word; undefined: none
 * @param exit does not return
 * @throws where the command refuses; asking again is the caller's
 */
export const rebootBy = async (
  run: Processes['run'],
  command: readonly string[] | null,
  argument: string | undefined,
  exit: (status: number) => void,
): Promise<never> => {
  if (command === null) exit(REBOOT_STATUS);
  else {
    await run(['sync']);
    const { status, stderr } = await run(argument === undefined ? command : [...command, argument]);
    if (status !== 0) throw new Error(`${command.join(' ')}: status ${status}: ${stderr.trim()}`);
  }
  // The kernel ends this process; until then nothing may go on.
  return new Promise<never>(() => undefined);
};
