import { readFile } from 'node:fs/promises';
import { relative, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { messageOf, SlipwayError } from '@slipway/protocol';
import type { Context } from './context.ts';

/**
 * Image files in the order they are named, `-` being standard input. Their names are as seen from here, which is how
 * errors call them and what paths in them are relative to.
 *
 * @throws {SlipwayError} NOT_FOUND
 */
export const readImageFiles = async (
  context: Pick<Context, 'cwd'>,
  names: readonly string[],
): Promise<{ readonly name: string; readonly text: string }[]> => {
  const files: { name: string; text: string }[] = [];
  for (const name of names) {
    if (name === '-') {
      files.push({ name, text: await text(process.stdin) });
      continue;
    }
    const path = resolve(context.cwd, name);
    const content = await readFile(path, 'utf8').catch((cause: unknown) => {
      throw new SlipwayError('NOT_FOUND', `${name} cannot be read: ${messageOf(cause)}`, { cause });
    });
    files.push({ name: name.startsWith('/') ? name : relative(context.cwd, path), text: content });
  }
  return files;
};
