import { ExecutionState, isTerminal } from '@slipway/protocol';

/**
 * States of an execution that goes on. Indexes hold only those executions; a statement that asks for these states, not
 * for others than the terminal ones, is found to be answered by them.
 */
export const LIVE_STATES: readonly ExecutionState[] = ExecutionState.options.filter(
  (state) => !isTerminal(state),
);
