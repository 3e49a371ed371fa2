import {
  messageOf,
  SlipwayError,
  type Command,
  type CommandResult,
  type CommandId,
  type DeviceId,
  type Diagnostic,
} from '@slipway/protocol';
import type { AgentConfig } from '../config.ts';
import type { Event } from '../core/index.ts';
import { collectLogs, type LogTools } from '../logs/collect.ts';
import type { Runtime } from '../runtime/port.ts';
import { admitCommand } from './admit.ts';
import { diagnose } from './diagnose.ts';
import { identify } from './identify.ts';

type Own = Extract<Command, { readonly name: 'identify' | 'collect' | 'diagnose' }>;
type Outcome = Omit<CommandResult, 'v' | 'id'>;

export type RunnerOptions = {
  readonly runtime: Runtime;
  readonly config: AgentConfig;
  readonly deviceId: () => DeviceId | undefined;
  readonly diagnostics: readonly Diagnostic[];
  /** whether the image lets commands take the device back below its floor */
  readonly remoteRollback: boolean;
  readonly logs: LogTools;
  /** commands that change what runs are decided there */
  readonly dispatch: (event: Event) => Promise<void>;
  /** whether the broker has it */
  readonly deliver: (result: CommandResult) => Promise<boolean>;
  /** seconds since 1970 */
  readonly now: () => number;
  readonly signal: AbortSignal;
};

export type CommandRunner = {
  readonly take: (command: Command, retained: boolean) => void;
  /** Sends a result, now or at the next connection. */
  readonly answer: (result: CommandResult) => void;
  /** Sends what could not be sent before. */
  readonly onConnected: () => void;
};

const MAX_UNSENT = 16;

/** Does what commands ask for, each id at most once and one of a kind at a time, and answers. */
export const commandRunner = (options: RunnerOptions): CommandRunner => {
  const { runtime, config, signal } = options;
  let seen: readonly CommandId[] = [];
  let unsent: readonly CommandResult[] = [];
  const busy = new Set<Own['name']>();

  const send = async (result: CommandResult): Promise<void> => {
    if (!(await options.deliver(result))) unsent = [...unsent, result].slice(-MAX_UNSENT);
  };
  const answer = (result: CommandResult): void => {
    void send(result);
  };

  const perform = async (command: Own): Promise<Outcome> => {
    switch (command.name) {
      case 'identify':
        return {
          ok: true,
          message: await identify(runtime, config, options.deviceId() ?? '', signal, command.seconds),
        };
      case 'collect':
        return { ok: true, message: await collectLogs(options.logs, command, signal) };
      case 'diagnose':
        return diagnose(runtime, options.diagnostics, command.diagnostic);
      default:
        return command satisfies never;
    }
  };

  const run = async (command: Own): Promise<void> => {
    const { name, id } = command;
    if (busy.has(name)) {
      const message = `The device still does another ${name}; ask again when it is done.`;
      answer({ v: 1, id, ok: false, code: 'RATE_LIMITED', message });
      return;
    }
    busy.add(name);
    try {
      answer({ v: 1, id, ...(await perform(command)) });
    } catch (error) {
      const code = error instanceof SlipwayError ? error.code : 'COMMAND_FAILED';
      runtime.log(`command ${name} failed: ${code}: ${messageOf(error)}`);
      answer({ v: 1, id, ok: false, code, message: messageOf(error).slice(0, 2000) });
    } finally {
      busy.delete(name);
    }
  };

  return {
    answer,
    onConnected: () => {
      const waiting = unsent;
      unsent = [];
      waiting.forEach(answer);
    },
    take: (command, retained) => {
      const { name, id } = command;
      const admitted = admitCommand(seen, command, retained, options.now());
      ({ seen } = admitted);
      const { admission } = admitted;
      if (admission.kind === 'ignored') {
        runtime.log(`command ${name} ${id} ignored: ${admission.why}`);
        return;
      }
      if (admission.kind === 'expired') {
        const message = `It expired ${admission.late} s before it came, by the clock of the device.`;
        answer({ v: 1, id, ok: false, code: 'COMMAND_EXPIRED', message });
        return;
      }
      runtime.log(`command ${name} ${id}`);
      if (command.name === 'identify' || command.name === 'collect' || command.name === 'diagnose')
        void run(command);
      else if (command.name === 'rollback' && !options.remoteRollback) {
        const message =
          'The image lets no command take the device back; set agent.remoteRollback in the image file, or roll out an older version under a new number.';
        answer({ v: 1, id, ok: false, code: 'COMMAND_REFUSED', message });
      } else void options.dispatch({ kind: 'command', name: command.name, id, retained });
    },
  };
};
