import { AssignmentPolicy, type ErrorCode } from '@slipway/protocol';
import type { Clock, OpenExecution } from './state.ts';
import { describeWindows, isInWindow } from './windows.ts';

/** What an execution waits for before it goes on. */
export type Hold = { readonly code: ErrorCode; readonly message: string };

/** The policy that an execution remembers, with what an assignment left out. */
export const policyOf = (given: AssignmentPolicy): Pick<OpenExecution, 'mode' | 'windows' | 'deadline'> => ({
  mode: given.mode ?? 'install',
  windows: [...(given.windows ?? [])],
  deadline: given.deadline ?? null,
});

const windowHold = ({ windows, deadline }: OpenExecution, clock: Clock): Hold | undefined => {
  if (windows.length === 0 || isInWindow(windows, clock.now, clock.zoneOffset)) return undefined;
  if (deadline !== null && clock.now >= deadline) return undefined;
  const until = deadline === null ? '' : `, at the latest ${new Date(deadline * 1000).toISOString()}`;
  return {
    code: 'INSTALL_HELD',
    message: `Waits for ${describeWindows(windows)} in the time of the device${until}.`,
  };
};

/** Whether the bytes may come now: over a metered link only within a window. */
export const holdDownload = (execution: OpenExecution, clock: Clock): Hold | undefined =>
  clock.metered && execution.source.kind === 'channel' ? windowHold(execution, clock) : undefined;

/** Whether the device may go down now for the release that lies in the slot. */
export const holdArming = (execution: OpenExecution, clock: Clock): Hold | undefined =>
  execution.mode === 'download'
    ? {
        code: 'INSTALL_DOWNLOADED',
        message: `Release ${execution.version} lies verified in the inactive slot; it is not to be started yet.`,
      }
    : windowHold(execution, clock);
