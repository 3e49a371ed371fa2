import type { DesiredAssignment, ErrorCode } from '@slipway/protocol';
import type { Clock, OpenExecution } from './state.ts';
import { describeWindows, isInWindow } from './windows.ts';

/** What an execution waits for before it goes on. */
export type Hold = {
  readonly code: ErrorCode;
  readonly message: string;
  /** when it goes on by itself, or is looked at anew; seconds since 1970, null: nobody can say */
  readonly until: number | null;
};

/**
 * The policy that an execution remembers, with what an assignment left out.
 *
 * @param open of the same execution, as it was until now: the same question keeps its answer
 */
export const policyOf = (
  given: Pick<DesiredAssignment, 'mode' | 'consent' | 'windows' | 'deadline'>,
  open?: OpenExecution,
): Pick<OpenExecution, 'mode' | 'consent' | 'windows' | 'deadline'> => {
  const { mode = 'install', windows = [], deadline = null } = given;
  const asks = mode === 'download' && given.consent === true;
  const consent = asks ? (open?.consent ?? { given: false, deferredTo: null }) : null;
  return { mode, consent, windows: [...windows], deadline };
};

/** Forced from here on: neither windows nor anybody at the device hold it back. */
export const isOverdue = ({ deadline }: Pick<OpenExecution, 'deadline'>, clock: Clock): boolean =>
  deadline !== null && clock.now >= deadline;

/** `, at the latest 2026-12-24T18:00:00.000Z` */
const atTheLatest = ({ deadline }: OpenExecution): string =>
  deadline === null ? '' : `, at the latest ${timeOf(deadline)}`;

const timeOf = (seconds: number): string => new Date(seconds * 1000).toISOString();

const windowHold = (execution: OpenExecution, clock: Clock): Hold | undefined => {
  const { windows, deadline } = execution;
  if (windows.length === 0 || isInWindow(windows, clock.now, clock.zoneOffset)) return undefined;
  if (isOverdue(execution, clock)) return undefined;
  return {
    code: 'INSTALL_HELD',
    message: `Waits for ${describeWindows(windows)} in the time of the device${atTheLatest(execution)}.`,
    until: deadline,
  };
};

/** Whether the bytes may come now: over a metered link only within a window. */
export const holdDownload = (execution: OpenExecution, clock: Clock): Hold | undefined =>
  clock.metered && execution.source.kind === 'channel' ? windowHold(execution, clock) : undefined;

/** Whether the device may go down now for the release that lies in the slot. */
export const holdArming = (execution: OpenExecution, clock: Clock): Hold | undefined => {
  const { mode, consent, version, deadline } = execution;
  if (mode === 'install') return windowHold(execution, clock);
  const lies = `Release ${version} lies verified in the inactive slot`;
  if (consent === null)
    return { code: 'INSTALL_DOWNLOADED', message: `${lies}; it is not to be started yet.`, until: null };
  if (consent.given || isOverdue(execution, clock)) return windowHold(execution, clock);
  const { deferredTo } = consent;
  if (deferredTo !== null && clock.now < deferredTo)
    return {
      code: 'INSTALL_DEFERRED',
      message: `${lies}; at the device it was deferred to ${timeOf(deferredTo)}.`,
      until: deferredTo,
    };
  return {
    code: 'INSTALL_AWAITS_CONSENT',
    message: `${lies} and starts once somebody at the device accepts it${atTheLatest(execution)}.`,
    until: deadline,
  };
};
