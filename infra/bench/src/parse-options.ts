import { parseArgs } from 'node:util';
import { SlipwayError, messageOf } from '@slipway/protocol';
import { z } from 'zod';

type Flags = { readonly [name: string]: 'string' | 'boolean' };

/**
 * Options of a bench; each has `--help`, short `-h`, besides its own.
 *
 * @param flags names, and whether a value follows
 * @throws {SlipwayError} USAGE, with what is wrong and the help
 */
export const parseOptions = <S extends z.ZodType>(
  args: readonly string[],
  help: string,
  flags: Flags,
  schema: S,
): z.infer<S> => {
  try {
    const own = Object.entries(flags).map(([name, type]) => [name, { type }] as const);
    const { values } = parseArgs({
      args: [...args],
      options: { ...Object.fromEntries(own), help: { type: 'boolean', short: 'h' } },
    });
    return schema.parse(values);
  } catch (cause) {
    const why = cause instanceof z.ZodError ? z.prettifyError(cause) : messageOf(cause);
    throw new SlipwayError('USAGE', `${why}\n\n${help}`, { cause });
  }
};
