import { CommanderError, type Command } from 'commander';
import { codeOf, ERRORS, messageOf, SlipwayError } from '@slipway/protocol';
import { Ended, pathOf } from './command.ts';
import type { Context } from './context.ts';
import { createProgram } from './program.ts';

/** The command that words name, as far as they do. */
const commandOf = (program: Command, words: readonly string[]): Command => {
  let command = program;
  for (const word of words) {
    const next = command.commands.find((one) => one.name() === word || one.aliases().includes(word));
    if (next === undefined) break;
    command = next;
  }
  return command;
};

/** @returns the exit status */
export const run = async (words: readonly string[], surroundings: Omit<Context, 'json'>): Promise<number> => {
  const json = words.includes('--json');
  const program = createProgram((options) => ({ ...surroundings, ...options }), surroundings);
  try {
    await program.parseAsync([...words], { from: 'user' });
    return 0;
  } catch (error) {
    if (surroundings.signal.aborted) return 130;
    if (error instanceof Ended) return error.status;
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    // Without a command commander prints its help, and that is all there is to say.
    if (error instanceof CommanderError && error.code === 'commander.help') return ERRORS.USAGE.exit;
    const code = error instanceof CommanderError ? 'USAGE' : codeOf(error);
    const named = commandOf(program, words);
    const help = `. See slipway ${named === program ? '' : `${pathOf(named)} `}--help.`;
    const message =
      error instanceof CommanderError
        ? `${messageOf(error)
            .replace(/^error: /, '')
            .replace(/\.$/, '')}${help}`
        : messageOf(error);
    const details = error instanceof SlipwayError ? error.details : {};
    surroundings.err(json ? JSON.stringify({ code, message, details }) : `${code}: ${message}`);
    return ERRORS[code].exit;
  }
};
