import { ERRORS, isErrorCode, SlipwayError, type ExecutionState } from '@slipway/protocol';
import { DeviceStatus } from '../control/device-status.ts';
import type { Runtime } from '../runtime/port.ts';
import { percent } from './show-status.ts';

const LOOK_MS = 1_000;

/** The states at which the command has nothing more to wait for. */
const isSettled = (state: ExecutionState): boolean => state === 'REBOOTING' || state === 'DEFERRED';

export type InstallEnd = {
  readonly execution: string;
  readonly state: ExecutionState;
  readonly code: string | null;
  readonly message: string | null;
};

/**
 * Follows an install that the agent has accepted, until it is over, waits for its reboot, or the machine goes down.
 *
 * @param ask for the status, of the running agent
 */
export const watchInstall = async (
  runtime: Pick<Runtime, 'time'>,
  execution: string,
  ask: () => Promise<unknown>,
  write: (line: string) => void,
): Promise<InstallEnd> => {
  let shown = '';
  for (;;) {
    const status = DeviceStatus.parse(await ask());
    if (status.outcome?.execution === execution) return status.outcome;
    const open = status.execution;
    if (open?.id !== execution) {
      throw new SlipwayError(
        'INTERNAL',
        'The agent does not know the install any more; see slipway-agent status.',
      );
    }
    const line = open.progress === null ? open.state : `${open.state} ${percent(open.progress)}`;
    if (line !== shown) write(`${line}\n`);
    shown = line;
    if (isSettled(open.state)) return { execution, state: open.state, code: null, message: null };
    await runtime.time.sleep(LOOK_MS);
  }
};

/** Exit status of a command that waited for this end. */
export const exitOf = ({ state, code }: InstallEnd): number => {
  if (state === 'COMMITTED' || isSettled(state)) return 0;
  return isErrorCode(code) ? ERRORS[code].exit : 1;
};
