import { createReadStream } from 'node:fs';
import { relative, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { messageOf, SlipwayError } from '@slipway/protocol';
import type { Context } from './context.ts';

/** Far above what an image file may have, which its parser complains about. */
const MAX_READ_BYTES = 4 * 1024 * 1024;

/** A device or a program may give bytes without end. */
const textOf = async (stream: Readable): Promise<string> => {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream as AsyncIterable<Uint8Array>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > MAX_READ_BYTES) break;
  }
  return Buffer.concat(chunks).toString();
};

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
      files.push({ name, text: await textOf(process.stdin) });
      continue;
    }
    const path = resolve(context.cwd, name);
    const content = await textOf(createReadStream(path)).catch((cause: unknown) => {
      throw new SlipwayError('NOT_FOUND', `${name} cannot be read: ${messageOf(cause)}`, { cause });
    });
    files.push({ name: name.startsWith('/') ? name : relative(context.cwd, path), text: content });
  }
  return files;
};
