import type { VariableValues } from '@slipway/image-spec';
import type { Command } from 'commander';
import { z } from 'zod';
import { collect } from './command.ts';
import type { Context } from './context.ts';
import { readImageFiles } from './read-image-files.ts';

/** Of commands that read image files: what variables of these are. */
export const VARIABLE_OPTIONS = {
  set: z.array(z.string()).default([]),
  variables: z.string().optional(),
} as const;
type VariableOptions = z.infer<z.ZodObject<typeof VARIABLE_OPTIONS>>;

export const withVariables = (command: Command): Command =>
  command
    .option('--set <name=value>', 'what a variable of the image files is; by repeating, several', collect)
    .option('--variables <file>', 'the same as YAML, NAME: VALUE; what --set says goes before it');

type Text = { readonly name: string; readonly text: string };

/** What variables of image files are to be, in place of what files say. */
export type Variables = {
  /** @throws {SlipwayError} USAGE, SPEC_INVALID for a name that none of these files declares */
  readonly check: (files: readonly Text[]) => void;
  /** those that these files declare */
  readonly of: (files: readonly Text[]) => VariableValues;
};

/** @throws {SlipwayError} USAGE, NOT_FOUND, SPEC_SYNTAX, SPEC_INVALID */
export const readVariables = async (
  context: Pick<Context, 'cwd'>,
  { set, variables }: VariableOptions,
): Promise<Variables> => {
  if (set.length === 0 && variables === undefined) return { check: () => undefined, of: () => ({}) };
  const { declaredVariables, givenValues, parseGivenVariables, refuseUndeclared } =
    await import('@slipway/image-spec');
  const [file] = variables === undefined ? [] : await readImageFiles(context, [variables]);
  const given = parseGivenVariables(file, set);
  return {
    check: (files) => refuseUndeclared(given, declaredVariables(files)),
    of: (files) => givenValues(given, declaredVariables(files)),
  };
};
