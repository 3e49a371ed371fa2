import { isTerminal, type ExecutionState } from '@slipway/protocol';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/**
 * How long an execution may stay in a state, in milliseconds. Progress reports start the time anew, so a slow link
 * is no failure; a device that is switched off for a night is none either. A trial has a deadline on the device
 * itself, in minutes.
 */
export const DEADLINES_MS: Readonly<Partial<Record<ExecutionState, number>>> = {
  OFFERED: 7 * DAY_MS,
  ACCEPTED: DAY_MS,
  // Time for a window that opens once a week to be missed once.
  DEFERRED: 15 * DAY_MS,
  DOWNLOADING: DAY_MS,
  VERIFIED: DAY_MS,
  INSTALLING: DAY_MS,
  REBOOTING: 2 * 60 * MINUTE_MS,
  TRIAL: 2 * 60 * MINUTE_MS,
};
export type Deadlines = typeof DEADLINES_MS;

/** When the server gives up on an execution that entered `state` at `now`; a terminal one has no deadline left. */
export const deadlineAfter = (state: ExecutionState, now: Date, deadlines: Deadlines = DEADLINES_MS): Date =>
  isTerminal(state) ? now : new Date(now.getTime() + (deadlines[state] ?? DAY_MS));
