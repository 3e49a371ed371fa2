import { otherSlot, type CommandResult } from '@slipway/protocol';
import type { Event } from './event.ts';
import { log, startJob, stopJob, type Turn } from './turn.ts';

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
      answer({ ok: false, code: 'COMMAND_REFUSED', message: 'This agent does not go back on command.' });
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
      startJob(turn, { kind: 'reboot', from: turn.boot.bootId, why: 'commanded' });
      return;
    }
    default:
      command.name satisfies never;
  }
};

const remember = (turn: Turn, { id }: CommandEvent): void => {
  turn.saved = { ...turn.saved, commandsDone: [...turn.saved.commandsDone, id].slice(-MAX_COMMANDS) };
};

const isUnconfirmed = (turn: Turn): boolean =>
  turn.saved.job?.kind === 'reboot' ||
  turn.saved.slots[turn.boot.slot].state !== 'GOOD' ||
  turn.saved.slots[otherSlot(turn.boot.slot)].state === 'TRIAL';
