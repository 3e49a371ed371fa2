import { ExecutionId, otherSlot, type CommandResult } from '@slipway/protocol';
import type { Event } from './event.ts';
import { policyOf } from './execution-policy.ts';
import { NEW_EXECUTION, NO_ROLLOUT, UNKNOWN_BUNDLE } from './state.ts';
import { log, setExecution, setSlot, startJob, stopJob, type Turn } from './turn.ts';

type CommandEvent = Extract<Event, { readonly kind: 'command' }>;

const MAX_COMMANDS = 16;

/**
 * The commands that change what runs. An id that was done is never done again, whatever has restarted in between.
 * Commands are never retained: one that is would be repeated at every connection.
 */
export const onCommand = (turn: Turn, command: CommandEvent): void => {
  const answer = (result: Pick<CommandResult, 'ok' | 'code' | 'message'>): void => {
    turn.effects.push({ kind: 'result', result: { v: 1, id: command.id, ...result } });
  };
  if (command.retained) return;
  if (turn.saved.commandsDone.includes(command.id)) {
    log(turn, `command ${command.name} ignored: ${command.id} was done before`);
    return;
  }
  switch (command.name) {
    case 'rebirth':
      turn.effects.push({ kind: 'birth' });
      answer({ ok: true });
      return;
    case 'rollback':
      answer(goBack(turn, command));
      return;
    case 'reboot': {
      if (isUnconfirmed(turn)) {
        log(turn, 'reboot command refused: a trial or reboot is under way');
        answer({ ok: false, code: 'COMMAND_REFUSED', message: 'A trial or reboot is under way.' });
        return;
      }
      log(turn, 'reboot commanded');
      remember(turn, command);
      stopJob(turn);
      turn.saved = { ...turn.saved, commanded: true };
      answer({ ok: true, message: 'rebooting' });
      startJob(turn, { kind: 'reboot', from: turn.boot.bootId, why: 'commanded', disarm: false });
      return;
    }
    default:
      command.name satisfies never;
  }
};

/**
 * Back to what ran before, by the way of every release: the other slot gets a trial and has to pass the gates. Its
 * content is what was committed once and has not been touched since. The floor stays where it is.
 */
const goBack = (turn: Turn, command: CommandEvent): Pick<CommandResult, 'ok' | 'code' | 'message'> => {
  const slot = otherSlot(turn.boot.slot);
  const record = turn.saved.slots[slot];
  if (isUnconfirmed(turn))
    return { ok: false, code: 'COMMAND_REFUSED', message: 'A trial or reboot is under way.' };
  if (turn.saved.execution !== null) {
    const message = `Execution ${turn.saved.execution.id} is under way; cancel it or wait for its outcome.`;
    return { ok: false, code: 'INSTALL_BUSY', message };
  }
  if (record.state !== 'GOOD') {
    const message = `slot ${slot}: expected a release that was committed before, found ${record.state}.`;
    return { ok: false, code: 'SLOT_NOT_GOOD', message };
  }
  remember(turn, command);
  const { ref } = record;
  const bundle = record.bundle ?? UNKNOWN_BUNDLE;
  const trial = { attempt: 1, unseen: 0, armedIn: null, boot: null, restore: true };
  setSlot(turn, slot, { state: 'TRIAL', ref, bundle, ...trial });
  setExecution(turn, {
    ...NEW_EXECUTION,
    // Both ids are of one form, so the command names the execution and a report finds its command.
    id: ExecutionId.parse(command.id.replace('cmd_', 'exe_')),
    rollout: NO_ROLLOUT,
    release: ref.release,
    version: ref.version,
    bundle: { digest: bundle, size: 0 },
    local: true,
    ...policyOf({}),
  });
  log(turn, `going back to ${ref.version} in slot ${slot} on command`);
  startJob(turn, { kind: 'arm', slot });
  return { ok: true, message: `trying ${ref.version} in slot ${slot}` };
};

const remember = (turn: Turn, { id }: CommandEvent): void => {
  turn.saved = { ...turn.saved, commandsDone: [...turn.saved.commandsDone, id].slice(-MAX_COMMANDS) };
};

const isUnconfirmed = (turn: Turn): boolean =>
  turn.saved.job?.kind === 'reboot' ||
  turn.saved.slots[turn.boot.slot].state !== 'GOOD' ||
  turn.saved.slots[otherSlot(turn.boot.slot)].state === 'TRIAL';
