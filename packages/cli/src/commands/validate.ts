import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, join, relative, resolve } from 'node:path';
import type { Command } from 'commander';
import { codeOf, messageOf, SlipwayError } from '@slipway/protocol';
import { z } from 'zod';
import { Ended, leaf, type MakeContext } from '../command.ts';
import type { Context } from '../context.ts';

type Text = { readonly name: string; readonly text: string };
type Verdict = {
  readonly file: string;
  readonly ok: boolean;
  readonly code?: string;
  readonly message?: string;
  readonly problems?: unknown;
};

const isClassFile = (file: string, text: string): boolean =>
  basename(dirname(resolve(file))) === 'classes' || /^images\s*:/m.test(text);

const read = async (context: Context, file: string): Promise<string> =>
  readFile(resolve(context.cwd, file), 'utf8').catch((cause: unknown) => {
    throw new SlipwayError('NOT_FOUND', `${file} cannot be read: ${messageOf(cause)}`, { cause });
  });

/** A class with its image files, as a build would take them: names are relative to the image repository. */
const checkClass = async (context: Context, file: string, text: string): Promise<void> => {
  const { parseClassFile, parseClassImage, requireKernel } = await import('@slipway/image-spec');
  const path = resolve(context.cwd, file);
  const repository = dirname(dirname(path));
  const fromHere = relative(context.cwd, repository);
  try {
    const classFile = { name: relative(repository, path), text };
    const { images } = parseClassFile(text, classFile.name);
    const texts: Text[] = [];
    for (const name of images) texts.push({ name, text: await read(context, join(repository, name)) });
    requireKernel(parseClassImage({ classFile, imageFiles: texts }).spec, images.join(', '));
  } catch (error) {
    throw from(error, fromHere);
  }
};

/** The same error, with paths as they are seen from here. */
const from = (error: unknown, folder: string): unknown => {
  if (!(error instanceof SlipwayError) || folder === '' || !error.code.startsWith('SPEC_')) return error;
  const message = error.message
    .split('\n')
    .map((text) => (/^[^\s:]+:\d+:\d+: /.test(text) ? join(folder, text) : text))
    .join('\n');
  return new SlipwayError(error.code, message, { cause: error, details: error.details });
};

const verdictOf = async (file: string, check: () => Promise<void>): Promise<Verdict> => {
  try {
    await check();
    return { file, ok: true };
  } catch (error) {
    const problems = error instanceof SlipwayError ? error.details['problems'] : undefined;
    const base = { file, ok: false, code: codeOf(error), message: messageOf(error) };
    return problems === undefined ? base : { ...base, problems };
  }
};

export const validateCommand = (program: Command, makeContext: MakeContext): void => {
  leaf(program, makeContext, {
    usage: 'validate <file...>',
    summary: 'check image and class files; names file, line and column of what is wrong',
    options: z.object({ merge: z.boolean().default(false) }),
    build: (command) =>
      command.option('--merge', 'check image files as one image, later ones over earlier ones'),
    run: async (context, files, options) => {
      const { parseImageFiles } = await import('@slipway/image-spec');
      // alone, a file is what `slipway build` takes, which may name any path of this machine
      const local = { paths: 'working-directory', home: context.env['HOME'] ?? homedir() } as const;
      const verdicts: Verdict[] = [];
      const images: Text[] = [];
      for (const name of files) {
        const check = async (): Promise<void> => {
          const text = await read(context, name);
          if (isClassFile(resolve(context.cwd, name), text)) await checkClass(context, name, text);
          else if (options.merge) images.push({ name, text });
          else parseImageFiles([{ name, text }], { ...local, mayLackValues: true });
        };
        verdicts.push(await verdictOf(name, check));
      }
      if (images.length > 0) {
        const names = images.map(({ name }) => name).join(' ');
        verdicts.push(await verdictOf(names, async () => void parseImageFiles(images, local)));
      }
      const bad = verdicts.find(({ ok }) => !ok);
      if (context.json) context.out(JSON.stringify(verdicts, null, 2));
      else for (const { file, message } of verdicts) context.out(message ?? `${file}: ok`);
      if (bad !== undefined) throw new Ended(bad.code === 'NOT_FOUND' ? 66 : 65);
    },
  });
};
