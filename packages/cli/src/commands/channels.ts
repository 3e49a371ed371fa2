import type { Command } from 'commander';
import { ReleaseId, SlipwayError, type Device, type ReleaseChannel } from '@slipway/protocol';
import { z } from 'zod';
import { collect, leaf, print, word, type MakeContext } from '../command.ts';
import { connect } from '../context.ts';
import { facts, table, time } from '../table.ts';

const HEADINGS = ['channel', 'version', 'release', 'floor', 'devices', 'updated'];
const nameOf = ({ deviceClass, name }: ReleaseChannel): string => `${deviceClass}/${name}`;
const line = (channel: ReleaseChannel): string[] => [
  nameOf(channel),
  channel.version ?? '-',
  channel.release ?? '-',
  channel.floor ?? '-',
  String(channel.devices),
  time(channel.updatedAt),
];
const show = (channel: ReleaseChannel): string =>
  facts({
    channel: nameOf(channel),
    version: channel.version,
    release: channel.release,
    floor: channel.floor,
    'stepping stones':
      channel.steppingStones.map(({ release, version }) => `${version} (${release})`).join(', ') || null,
    devices: channel.devices,
    created: time(channel.createdAt),
    updated: time(channel.updatedAt),
  });

/** `CLASS/NAME`, which is how channels are called. */
const split = (text: string): [string, string] => {
  const [deviceClass, name, more] = text.split('/');
  if (deviceClass === undefined || name === undefined || more !== undefined || name === '')
    throw new SlipwayError(
      'USAGE',
      `expected a channel as CLASS/NAME, such as edge-arm64/stable, found ${text}`,
    );
  return [deviceClass, name];
};

export const channelCommands = (program: Command, makeContext: MakeContext): void => {
  const channels = program
    .command('channels')
    .summary('which release a class of devices takes')
    .description(
      'Channels such as CLASS/stable: current release, floor, stepping stones, and who follows them.',
    );
  leaf(channels, makeContext, {
    usage: 'list',
    summary: 'list channels',
    options: z.object({}),
    run: async (context) => {
      const found = await (await connect(context)).channels.list().all();
      print(context, found, () => table(HEADINGS, found.map(line), context.columns));
    },
  });
  leaf(channels, makeContext, {
    usage: 'show <channel>',
    summary: 'show a channel',
    options: z.object({}),
    run: async (context, words) => {
      const channel = await (await connect(context)).channels.get(...split(word(words, 0)));
      print(context, channel, () => show(channel));
    },
  });
  leaf(channels, makeContext, {
    usage: 'history <channel>',
    summary: 'list what was published to a channel, newest first',
    options: z.object({}),
    run: async (context, words) => {
      const found = await (await connect(context)).channels.listHistory(...split(word(words, 0))).all();
      print(context, found, () =>
        table(
          ['at', 'event', 'version', 'release', 'by'],
          found.map(({ at, event, version, release, actor }) => [time(at), event, version, release, actor]),
          context.columns,
        ),
      );
    },
  });
  leaf(channels, makeContext, {
    usage: 'set <channel>',
    summary: 'make a channel, or set its floor and stepping stones',
    options: z.object({
      floor: z.union([z.string(), z.literal(false)]).optional(),
      steppingStone: z.union([z.array(ReleaseId), z.literal(false)]).optional(),
    }),
    build: (command) =>
      command
        .option('--floor <version>', 'lowest version that devices which follow it may be given')
        .option('--no-floor', 'none')
        .option('--stepping-stone <release>', 'devices must run it before they take one above it', collect)
        .option('--no-stepping-stone', 'none'),
    run: async (context, words, { floor, steppingStone }) => {
      const change = {
        ...(floor === undefined ? {} : { floor: floor === false ? null : floor }),
        ...(steppingStone === undefined
          ? {}
          : { steppingStones: steppingStone === false ? [] : steppingStone }),
      };
      const client = await connect(context);
      const channel = await client.channels.replace(...split(word(words, 0)), change);
      print(context, channel, () => show(channel));
    },
  });
  leaf(channels, makeContext, {
    usage: 'publish <channel> <release>',
    summary: 'make a release the current one of a channel; a draft is published by that',
    options: z.object({ force: z.boolean().optional() }),
    build: (command) => command.option('--force', 'although it has not proven itself in a virtual device'),
    run: async (context, words, { force }) => {
      const client = await connect(context);
      const channel = await client.channels.createRelease(...split(word(words, 0)), {
        release: word(words, 1),
        ...(force === undefined ? {} : { force }),
      });
      print(context, channel, () => show(channel));
    },
  });
  leaf(channels, makeContext, {
    usage: 'follow <name> <device...>',
    summary: 'have devices follow the channel NAME of their class; "none" for none',
    options: z.object({}),
    run: async (context, words) => {
      const [name = '', ...devices] = words;
      const client = await connect(context);
      const changed: Device[] = [];
      for (const device of devices)
        changed.push(await client.devices.replaceChannel(device, { channel: name === 'none' ? null : name }));
      print(context, changed, () =>
        table(
          ['device', 'class', 'channel'],
          changed.map(({ id, deviceClass, channel }) => [id, deviceClass, channel ?? '-']),
          context.columns,
        ),
      );
    },
  });
};
