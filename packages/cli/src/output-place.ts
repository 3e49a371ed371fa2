import { createReadStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { explainStorage } from '@slipway/protocol';
import type { BuildTarget } from './build-options.ts';
import type { Context } from './context.ts';

/** Where a build writes, and how what it wrote comes to where it was asked for. */
export type OutputPlace = {
  readonly folder: string;
  readonly name: string;
  /** Brings the one output of `--output` to its place; does nothing otherwise. */
  deliver(files: readonly { readonly name: string }[]): Promise<void>;
  /** of a file that was written, once it is delivered */
  pathOf(file: string): string;
  close(): Promise<void>;
};

const inFolder = (folder: string, name: string): OutputPlace => ({
  folder,
  name,
  deliver: () => Promise.resolve(),
  pathOf: (file) => join(folder, file),
  close: () => Promise.resolve(),
});

/**
 * A file gets its own name when it is whole, so it is built in a folder beside it. What goes to standard output is built
 * first as well: a reader never gets half of an image that then fails.
 */
export const openOutput = async (
  context: Pick<Context, 'cwd'>,
  { name, output }: BuildTarget,
  dir: string | undefined,
): Promise<OutputPlace> => {
  if (output === undefined) return inFolder(resolve(context.cwd, dir ?? '.'), name);
  const target = output === '-' ? undefined : resolve(context.cwd, output);
  const parent = target === undefined ? tmpdir() : dirname(target);
  const { assertNoFolder, ownFolder } = await import('@slipway/image');
  if (target !== undefined) await assertNoFolder(target);
  const folder = await ownFolder(parent, '.slipway-output-').catch((error: unknown) => {
    throw explainStorage(error, [parent]);
  });
  let delivered = '';
  return {
    folder,
    name,
    deliver: async ([first, ...described]) => {
      if (first === undefined) return;
      delivered = first.name;
      if (target === undefined) {
        await pipeline(createReadStream(join(folder, first.name)), process.stdout, { end: false });
        return;
      }
      // The last one to move is what was asked for.
      for (const file of described)
        await rename(join(folder, file.name), `${target}${suffixOf(file.name, name)}`);
      await rename(join(folder, first.name), target);
    },
    pathOf: (file) =>
      target === undefined || file === delivered ? (target ?? '-') : `${target}${suffixOf(file, name)}`,
    close: () => rm(folder, { recursive: true, force: true }),
  };
};

/** `edge.cdx.json` of the image `edge` is `.cdx.json`. */
const suffixOf = (file: string, name: string): string => basename(file).slice(name.length);
