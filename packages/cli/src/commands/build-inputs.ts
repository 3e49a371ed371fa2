import type { Command } from 'commander';
import { ComponentKind, type BuiltComponent, type BuiltImage } from '@slipway/protocol';
import { z } from 'zod';
import { leaf, print, word, type MakeContext } from '../command.ts';
import { connect } from '../context.ts';
import { facts, table, time } from '../table.ts';

const heldBy = ({ releases = [] }: BuiltComponent | BuiltImage, columns: number | undefined): string =>
  releases.length === 0
    ? ''
    : `\n\n${table(
        ['release', 'class', 'version', 'state'],
        releases.map(({ id, deviceClass, version, state }) => [id, deviceClass, version, state]),
        columns,
      )}`;

const built = (thing: BuiltComponent | BuiltImage) => ({
  classes: thing.deviceClasses.join(', '),
  builds: thing.builds,
  'first built': time(thing.firstBuiltAt),
  'last built': time(thing.lastBuiltAt),
});

/** What builds were made of: below `slipway components`, where components are also made. */
export const builtComponentCommands = (components: Command, makeContext: MakeContext): void => {
  leaf(components, makeContext, {
    usage: 'list',
    summary: 'list components that builds of the server were made of',
    options: z.object({
      name: z.string().optional(),
      kind: ComponentKind.optional(),
      class: z.string().optional(),
      release: z.string().optional(),
    }),
    build: (command) =>
      command
        .option('--name <name>', 'only of this name; * stands for anything')
        .option('--kind <kind>', `only these: ${ComponentKind.options.join(', ')}`)
        .option('-c, --class <class>', 'only those in builds of a class')
        .option('--release <release>', 'only those that a release holds'),
    run: async (context, _words, { class: deviceClass, ...filter }) => {
      const found = await (await connect(context)).components.list({ ...filter, deviceClass }).all();
      print(context, found, () =>
        table(
          ['component', 'kind', 'name', 'version', 'digest', 'classes', 'last built'],
          found.map((one) => [
            one.id,
            one.kind,
            one.name,
            one.version ?? '-',
            one.digest.slice(0, 19),
            one.deviceClasses.join(','),
            time(one.lastBuiltAt),
          ]),
          context.columns,
        ),
      );
    },
  });
  leaf(components, makeContext, {
    usage: 'show <component>',
    summary: 'show a component and the releases that hold it',
    options: z.object({}),
    run: async (context, words) => {
      const one = await (await connect(context)).components.get(word(words, 0));
      const { id, kind, name, version, digest } = one;
      print(
        context,
        one,
        () =>
          facts({ component: id, kind, name, version, digest, ...built(one) }) + heldBy(one, context.columns),
      );
    },
  });
};

export const imageCommands = (program: Command, makeContext: MakeContext): void => {
  const images = program
    .command('images')
    .summary('image files that releases were built from')
    .description('Image files of the server, text by text, and the releases that were built from each.');
  leaf(images, makeContext, {
    usage: 'list',
    summary: 'list image files that builds of the server were made from',
    options: z.object({
      path: z.string().optional(),
      class: z.string().optional(),
      release: z.string().optional(),
    }),
    build: (command) =>
      command
        .option('--path <path>', 'only at this path; * stands for anything')
        .option('-c, --class <class>', 'only those of builds of a class')
        .option('--release <release>', 'only those that a release was built from'),
    run: async (context, _words, { class: deviceClass, ...filter }) => {
      const found = await (await connect(context)).images.list({ ...filter, deviceClass }).all();
      print(context, found, () =>
        table(
          ['image', 'path', 'digest', 'classes', 'builds', 'last built'],
          found.map((one) => [
            one.id,
            one.path,
            one.digest.slice(0, 19),
            one.deviceClasses.join(','),
            String(one.builds),
            time(one.lastBuiltAt),
          ]),
          context.columns,
        ),
      );
    },
  });
  leaf(images, makeContext, {
    usage: 'show <image>',
    summary: 'show an image file and the releases that were built from it',
    options: z.object({}),
    run: async (context, words) => {
      const one = await (await connect(context)).images.get(word(words, 0));
      const { id, path, digest } = one;
      print(
        context,
        one,
        () => facts({ image: id, path, digest, ...built(one) }) + heldBy(one, context.columns),
      );
    },
  });
};
