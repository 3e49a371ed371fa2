import { isTerminal, type Birth, type Status } from '@slipway/protocol';
import { executionOf } from '@slipway/qualifier/cloud';
import type { Scenario } from '../record/scenario.ts';

/**
 * Whether the device is where the update must end: the outcome was reported, before the cut or after it, the right slot
 * runs, and its record says so.
 */
export const isSettled = (
  scenario: Scenario,
  statuses: readonly Status[],
  birth: Birth | undefined,
): boolean => {
  const wanted = scenario.expected.slot === scenario.newSlot ? 'GOOD' : 'FAILED';
  return (
    birth !== undefined &&
    birth.execution === undefined &&
    birth.activeSlot === scenario.expected.slot &&
    birth.slots[scenario.newSlot].state === wanted &&
    birth.slots[scenario.oldSlot].state === 'GOOD' &&
    statuses.some((status) => status.execution === executionOf(scenario.wish) && isTerminal(status.state))
  );
};

/** @param statuses all that the server ever saw of the update, before the cut and after it */
export const faultsOfReports = (scenario: Scenario, statuses: readonly Status[]): string[] => {
  const { state, code } = scenario.expected;
  const outcomes = new Map<number, Status>();
  for (const status of statuses)
    if (status.execution === executionOf(scenario.wish) && isTerminal(status.state))
      outcomes.set(status.seq, status);
  const told = [...outcomes.values()].map((status) => [status.state, status.code].filter(Boolean).join(' '));
  const wanted = [state, code].filter(Boolean).join(' ');
  return told.length === 1 && told[0] === wanted
    ? []
    : [`outcomes: expected ${wanted} once, found ${told.join(', ') || 'none'}`];
};
