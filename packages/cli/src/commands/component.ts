import { resolve } from 'node:path';
import type { Command } from 'commander';
import { z } from 'zod';
import { cacheFolder } from '../cache-folder.ts';
import { leaf, print, word, type MakeContext } from '../command.ts';
import { builtComponentCommands } from './build-inputs.ts';

export const componentCommands = (program: Command, makeContext: MakeContext): void => {
  const component = program
    .command('components')
    .alias('component')
    .summary('what image files name: make components, or see which releases hold one')
    .description(
      'Components, which image files name: "pack" makes one on this machine, "list" and "show" tell what builds of the server hold.',
    );
  builtComponentCommands(component, makeContext);
  leaf(component, makeContext, {
    usage: 'pack <folder> <layout>',
    summary: 'pack a folder with a component.yml into an OCI layout',
    options: z.object({ tag: z.string().optional(), cache: z.string().optional() }),
    build: (command) =>
      command
        .option('--tag <tag>', 'tag in the layout; otherwise the version of the component')
        .option('--cache <folder>', 'where downloads are kept; otherwise SLIPWAY_CACHE or ~/.cache/slipway'),
    run: async (context, words, options) => {
      const { packComponent } = await import('@slipway/components');
      const layout = resolve(context.cwd, word(words, 1));
      const packed = await packComponent(resolve(context.cwd, word(words, 0)), layout, {
        cacheDir: cacheFolder(context, options.cache),
        tag: options.tag,
        log: context.json ? undefined : context.err,
      });
      const tag = options.tag ?? packed.version;
      print(
        context,
        { name: packed.name, version: packed.version, arch: packed.arch, layout, tag },
        () => `${packed.name} ${packed.version} for ${packed.arch.join(', ')}: oci:${word(words, 1)}:${tag}`,
      );
    },
  });
};
