import type { Event, Uplink } from '@slipway/device-agent/simulation';
import type { Command, CommandResult } from '@slipway/protocol';

/** What a device does that was asked for it: an event for its core, or what it says at once. */
export type Answer =
  | { readonly kind: 'event'; readonly event: Event }
  | { readonly kind: 'say'; readonly result: CommandResult; readonly log?: Uplink['log'] };

/** As the agent of an image without diagnostics that lets a command take the device back. */
export const answerTo = (command: Command, retained: boolean): Answer => {
  const { id, name } = command;
  switch (name) {
    case 'reboot':
    case 'rebirth':
    case 'rollback':
      return { kind: 'event', event: { kind: 'command', name, id, retained } };
    case 'identify':
      return { kind: 'say', result: { v: 1, id, ok: true, message: 'nothing to blink with (simulated)' } };
    case 'collect':
      return {
        kind: 'say',
        result: { v: 1, id, ok: true, message: '1 piece' },
        log: { v: 1, id, seq: 0, source: 'agent', text: 'a simulated device\n', end: true },
      };
    case 'diagnose': {
      const message = `The image names no diagnostic ${command.diagnostic} (simulated).`;
      return { kind: 'say', result: { v: 1, id, ok: false, code: 'COMMAND_FAILED', message } };
    }
    default:
      return command satisfies never;
  }
};
