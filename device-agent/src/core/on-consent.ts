import type { ErrorCode, ExecutionId } from '@slipway/protocol';
import type { Event } from './event.ts';
import { isOverdue } from './execution-policy.ts';
import { isUnarmed, review } from './proceed.ts';
import type { BootFacts, Clock, OpenExecution, Saved } from './state.ts';
import { log, report, setExecution, stopJob, type Turn } from './turn.ts';

type ConsentEvent = Extract<Event, { readonly kind: 'consent' }>;

/** Nobody defers a release for longer at once; afterwards they are asked again. */
export const MAX_DEFER_S = 30 * 86_400;

type Asked =
  | { readonly ok: true; readonly execution: OpenExecution }
  | { readonly ok: false; readonly code: ErrorCode; readonly message: string };

/**
 * The execution that asks somebody at the device, or why none does.
 *
 * @param wanted the one that is to be answered; undefined: whichever is under way
 */
export const askedOf = (
  saved: Saved,
  boot: BootFacts,
  clock: Clock,
  wanted: ExecutionId | undefined,
): Asked => {
  const { execution } = saved;
  if (execution === null) return notAsked('no install is under way');
  const { id, version, consent } = execution;
  if (wanted !== undefined && wanted !== id) return notAsked(`not ${wanted} but ${id} is under way`);
  if (!isUnarmed(saved, boot)) return notAsked(`release ${version} is being started already`);
  if (consent === null) return notAsked(`the install of ${version} asks nobody here`);
  if (isOverdue(execution, clock)) return notAsked(`release ${version} goes on by itself since its deadline`);
  return { ok: true, execution };
};

const notAsked = (found: string): Asked => ({
  ok: false,
  code: 'CONSENT_NOT_ASKED',
  message: `Expected an install that asks for consent, found that ${found}.`,
});

/**
 * Somebody at the device answers. It counts for the execution that it names and for no other, for each of its trial
 * boots, and until another answer comes. To defer is not to consent: afterwards the question stands again.
 */
export const onConsent = (turn: Turn, { execution, answer }: ConsentEvent): void => {
  const asked = askedOf(turn.saved, turn.boot, turn.clock, execution);
  if (!asked.ok) return;
  const open = asked.execution;
  switch (answer.kind) {
    case 'accept':
      log(turn, `release ${open.version} was accepted at the device`);
      setExecution(turn, { ...open, consent: { given: true, deferredTo: null } });
      review(turn);
      return;
    case 'defer':
      setExecution(turn, { ...open, consent: { given: false, deferredTo: deferredTo(turn, open, answer) } });
      review(turn);
      return;
    case 'refuse': {
      const message = `Release ${open.version} was refused at the device.`;
      stopJob(turn);
      log(turn, message);
      // What people want is no fault of the release: a rollout that counts failures goes on.
      report(turn, open, 'CANCELED', { code: 'INSTALL_REFUSED', message });
      return;
    }
    default:
      answer satisfies never;
  }
};

const deferredTo = (
  { clock }: Turn,
  { deadline }: OpenExecution,
  { seconds }: { readonly seconds: number },
): number => {
  const wanted = clock.now + Math.min(seconds, MAX_DEFER_S);
  return deadline === null ? wanted : Math.min(wanted, deadline);
};
