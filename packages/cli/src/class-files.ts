import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { SlipwayError } from '@slipway/protocol';
import type { Context } from './context.ts';

const byCode = (a: string, b: string): number => (a < b ? -1 : 1);

/**
 * The class files of the image repository here, for commands that were named none.
 *
 * @param what it would be done to, for the message
 * @throws {SlipwayError} USAGE
 */
export const classFiles = async ({ cwd }: Pick<Context, 'cwd'>, what: string): Promise<string[]> => {
  const names = await readdir(resolve(cwd, 'classes')).catch((): string[] => []);
  const files = names.filter((name) => /\.ya?ml$/.test(name)).sort(byCode);
  if (files.length === 0)
    throw new SlipwayError('USAGE', `name the image files to ${what}, or run it where classes/ lies`);
  return files.map((name) => join('classes', name));
};
