import type { Command } from 'commander';
import {
  ClassName,
  ClassTriggerMode,
  SlipwayError,
  type ClassTrigger,
  type ClassTriggers,
  type PlaceTriggers,
} from '@slipway/protocol';
import { z } from 'zod';
import { leaf, print, word, type MakeContext } from '../command.ts';
import { connect } from '../context.ts';
import { table } from '../table.ts';

/** The image repository of the server. */
const OWN = '-';

const describe = (named: ClassTrigger): string => {
  switch (named.on) {
    case 'push':
      return 'push';
    case 'cron':
      return `${named.schedule} (${named.timeZone})`;
    case 'upstream':
      return `upstream, every ${named.everyMinutes} min`;
    case 'release':
      return `release of ${named.deviceClass}${named.channel === undefined ? '' : `/${named.channel}`}`;
    default:
      return named satisfies never;
  }
};

const linesOf = ({ name }: PlaceTriggers, one: ClassTriggers): string[][] => [
  ...one.triggers.map(({ on, state, message }) => [
    name,
    one.deviceClass ?? '-',
    describe(on),
    state,
    message ?? '-',
  ]),
  ...one.leaving.map((on) => [name, one.deviceClass ?? '-', describe(on), 'leaving', 'holds until approved']),
  ...(one.code === null ? [] : [[name, one.deviceClass ?? '-', one.file, one.code, one.message ?? '-']]),
];

const show = (places: readonly PlaceTriggers[], columns: number | undefined): string => {
  const faults = places.flatMap(({ name, code, message }) =>
    code === null ? [] : [`${name}: ${code}: ${message ?? ''}`],
  );
  const modes = places.flatMap(({ name, mode, at }) => (at === null ? [] : [`${name}: ${mode}`]));
  const rows = places.flatMap((place) => place.classes.flatMap((one) => linesOf(place, one)));
  return [...faults, ...modes, table(['source', 'class', 'on', 'state', 'why'], rows, columns)].join('\n');
};

const Place = { source: z.string().default(OWN), class: ClassName.optional() };
const withPlace = (command: Command): Command =>
  command
    .option('--source <source>', 'where the class files lie; otherwise in the image repository of the server')
    .option('--class <class>', 'only of this class');

/** Below `slipway trigger`: those that class files name. */
export const classTriggerCommands = (triggers: Command, makeContext: MakeContext): void => {
  leaf(triggers, makeContext, {
    usage: 'named',
    summary: 'list what class files say of triggers, and what became of it',
    options: z.object({}),
    run: async (context) => {
      const places = await (await connect(context)).classTriggers.list();
      print(context, places, () => show(places, context.columns));
    },
  });
  leaf(triggers, makeContext, {
    usage: 'take <how>',
    summary: 'whether triggers of class files are taken, need approval, or are off',
    options: z.object(Place),
    build: (command) =>
      withPlace(command).addHelpText(
        'after',
        `\nHow: ${ClassTriggerMode.options.join(', ')}; with --class also inherit.`,
      ),
    run: async (context, words, { source, class: deviceClass }) => {
      const how = z.enum([...ClassTriggerMode.options, 'inherit']).safeParse(word(words, 0));
      if (!how.success)
        throw new SlipwayError('USAGE', `expected ${ClassTriggerMode.options.join(', ')} or inherit`);
      const mode = how.data === 'inherit' ? null : how.data;
      const asked = { mode, ...(deviceClass === undefined ? {} : { deviceClass }) };
      const place = await (await connect(context)).classTriggers.update(source, asked);
      print(context, place, () => show([place], context.columns));
    },
  });
  leaf(triggers, makeContext, {
    usage: 'approve',
    summary: 'approve of the triggers that class files name',
    options: z.object({ ...Place, at: z.string().optional() }),
    build: (command) =>
      withPlace(command).option(
        '--at <commit>',
        'as "named --json" showed it; otherwise what was read last, whatever it says',
      ),
    run: async (context, _words, { source, class: deviceClass, at }) => {
      const { classTriggers } = await connect(context);
      const known = (await classTriggers.list()).find(
        (place) => place.name === source || place.source === source,
      );
      const asked = { at: at ?? known?.at ?? '', ...(deviceClass === undefined ? {} : { deviceClass }) };
      const place = await classTriggers.approve(source, asked);
      print(context, place, () => show([place], context.columns));
    },
  });
};
