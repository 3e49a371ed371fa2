import { Command, InvalidArgumentError, type OptionValues } from 'commander';
import { SlipwayError } from '@slipway/protocol';
import type { z } from 'zod';
import type { Context } from './context.ts';

/** What a command does: its words in order, its options by name. */
export type Action<Options> = (
  context: Context,
  words: readonly string[],
  options: Options,
  /** names of the options that are on the command line */
  given: ReadonlySet<string>,
) => Promise<void>;

/** Ends a command that has said all there is to say. */
export class Ended extends Error {
  readonly status: number;
  constructor(status: number) {
    super(`ended with status ${status}`);
    this.status = status;
  }
}

/** Turns the options of the command line into a context; `main.ts` makes it, tests make their own. */
export type MakeContext = (options: { readonly json: boolean }) => Context;

/**
 * Adds a command that does something (and not only holds others): every one of them takes `--json`.
 *
 * @param schema of its own options, after commander
 */
export const leaf = <S extends z.ZodType>(
  parent: Command,
  makeContext: MakeContext,
  definition: {
    /** as commander takes it, such as `show <id>` */
    readonly usage: string;
    readonly summary: string;
    readonly options: S;
    readonly build?: (command: Command) => Command;
    readonly run: Action<z.infer<S>>;
  },
): Command => {
  const command = parent
    .command(definition.usage)
    .summary(definition.summary)
    .description(definition.summary);
  definition.build?.(command);
  return command.option('--json', 'print JSON, for programs').action(async () => {
    const words = command.processedArgs.flatMap((word: unknown) => wordsOf(word));
    const { json, ...own }: OptionValues = command.opts();
    const options = definition.options.safeParse(own);
    if (!options.success) {
      const what = options.error.issues.map((issue) => {
        // The place in the list of an option that may be repeated says nothing.
        const name = issue.path.filter((part) => typeof part === 'string').join('.');
        return `--${dashed(name)}: ${complaint(issue)}`;
      });
      throw new SlipwayError('USAGE', `${what.join('; ')}. See slipway ${pathOf(command)} --help.`);
    }
    const given = Object.keys(own).filter((name) => command.getOptionValueSource(name) === 'cli');
    await definition.run(makeContext({ json: json === true }), words, options.data, new Set(given));
  });
};

const complaint = (issue: z.core.$ZodIssue): string =>
  issue.code === 'invalid_value' && issue.message.startsWith('Invalid')
    ? `expected ${issue.values.map(String).join(' or ')}`
    : issue.message;

const wordsOf = (word: unknown): string[] => {
  if (Array.isArray(word)) return word.flatMap(wordsOf);
  return typeof word === 'string' ? [word] : [];
};

const dashed = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** `builds create` */
export const pathOf = (command: Command): string =>
  command.parent === null || command.parent.parent === null
    ? command.name()
    : `${pathOf(command.parent)} ${command.name()}`;

/** The words of a command that must be there, and are, because commander checked. */
export const word = (words: readonly string[], index: number): string => words[index] ?? '';

/** Several values by repeating an option; before, there may be nothing, or the `false` of a `--no-` option. */
export const collect = (value: string, previous: readonly string[] | false = []): string[] => [
  ...(previous === false ? [] : previous),
  value,
];

export const wholeNumber = (text: string): number => {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('expected a whole number');
  return Number(text);
};

export const print = (context: Context, value: unknown, text: () => string): void =>
  context.out(context.json ? JSON.stringify(value, null, 2) : text());
