import { CommanderError } from 'commander';
import { codeOf, ERRORS, messageOf, SlipwayError } from '@slipway/protocol';
import { Ended } from './command.ts';
import type { Context } from './context.ts';
import { createProgram } from './program.ts';

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
    const message = messageOf(error).replace(/^error: /, '');
    const details = error instanceof SlipwayError ? error.details : {};
    surroundings.err(json ? JSON.stringify({ code, message, details }) : `${code}: ${message}`);
    return ERRORS[code].exit;
  }
};
