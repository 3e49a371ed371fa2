import { writeFile } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import type { Command } from 'commander';
import { explainStorage } from '@slipway/protocol';
import { z } from 'zod';
import { leaf, print, word, type MakeContext } from '../command.ts';
import { loadImage } from '../load-image.ts';

export const reportCommand = (program: Command, makeContext: MakeContext): void => {
  leaf(program, makeContext, {
    usage: 'report <image>',
    summary: 'write a page that shows what takes how much of an image',
    options: z.object({ output: z.string().default('report.html') }),
    build: (command) => command.option('-o, --output <file>', 'the page (report.html); - is standard output'),
    run: async (context, words, { output }) => {
      const { makeReport } = await import('@slipway/sbom/contents');
      const { name, contents } = await loadImage(context, word(words, 0));
      const page = makeReport({ name: basename(name), contents });
      if (output === '-') {
        context.out(page.trimEnd());
        return;
      }
      const path = resolve(context.cwd, output);
      await writeFile(path, page).catch((error: unknown) => {
        throw explainStorage(error, [path]);
      });
      print(context, { path }, () => output);
    },
  });
};
