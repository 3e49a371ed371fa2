import type { Command } from 'commander';
import type { Client } from '@slipway/client';
import type { Group } from '@slipway/protocol';
import { z } from 'zod';
import { leaf, print, word, type MakeContext } from '../command.ts';
import { connect } from '../context.ts';
import { facts, table, time } from '../table.ts';
import { DEVICE_HEADINGS, deviceLine } from './device-table.ts';

const HEADINGS = ['group', 'id', 'members', 'updated', 'description'];
const line = (group: Group): string[] => [
  group.name,
  group.id,
  group.query ?? 'listed',
  time(group.updatedAt),
  group.description,
];

const countOf = async (client: Client, group: Group): Promise<number | undefined> =>
  (await client.groups.listDevices(group.id, { limit: 1, count: true }).page()).total;

const show = (group: Group, devices: number | undefined): string =>
  facts({
    group: group.name,
    id: group.id,
    description: group.description === '' ? null : group.description,
    members: group.query === null ? 'listed' : `what finds: ${group.query}`,
    devices,
    created: time(group.createdAt),
    updated: time(group.updatedAt),
  });

export const groupCommands = (program: Command, makeContext: MakeContext): void => {
  const groups = program
    .command('groups')
    .alias('group')
    .summary('devices that belong together')
    .description('Groups of devices: listed one by one, or found by a query at any time.');
  leaf(groups, makeContext, {
    usage: 'list',
    summary: 'list groups by name',
    options: z.object({}),
    run: async (context) => {
      const found = await (await connect(context)).groups.list().all();
      print(context, found, () => table(HEADINGS, found.map(line), context.columns));
    },
  });
  leaf(groups, makeContext, {
    usage: 'create <name>',
    summary: 'make a group: of what a query finds, or of devices that are added',
    options: z.object({ query: z.string().min(1).optional(), description: z.string().optional() }),
    build: (command) =>
      command
        .option('-q, --query <query>', 'its members are what this finds at any time')
        .option('--description <text>', 'what it is for'),
    run: async (context, words, options) => {
      const client = await connect(context);
      const group = await client.groups.create({ name: word(words, 0), ...options });
      const devices = await countOf(client, group);
      print(context, { ...group, devices }, () => show(group, devices));
    },
  });
  leaf(groups, makeContext, {
    usage: 'show <group>',
    summary: 'show a group and how many devices it has',
    options: z.object({}),
    run: async (context, words) => {
      const client = await connect(context);
      const group = await client.groups.get(word(words, 0));
      const devices = await countOf(client, group);
      print(context, { ...group, devices }, () => show(group, devices));
    },
  });
  leaf(groups, makeContext, {
    usage: 'edit <group>',
    summary: 'change the name, description or query of a group; the rest stays',
    options: z.object({
      name: z.string().optional(),
      description: z.string().optional(),
      query: z.string().min(1).optional(),
    }),
    build: (command) =>
      command
        .option('--name <name>', 'another name')
        .option('--description <text>', 'what it is for')
        .option('-q, --query <query>', 'another query, of a group that has one'),
    run: async (context, words, change) => {
      const client = await connect(context);
      const group = await client.groups.update(word(words, 0), change);
      const devices = await countOf(client, group);
      print(context, { ...group, devices }, () => show(group, devices));
    },
  });
  leaf(groups, makeContext, {
    usage: 'delete <group>',
    summary: 'delete a group that nothing asks for; its devices stay',
    options: z.object({}),
    run: async (context, words) => {
      const name = word(words, 0);
      await (await connect(context)).groups.delete(name);
      print(context, { deleted: name }, () => `${name}: deleted`);
    },
  });
  for (const [verb, call, summary] of [
    ['add', 'addDevices', 'add devices to a group whose members are listed'],
    ['remove', 'removeDevices', 'take devices out of a group whose members are listed'],
  ] as const)
    leaf(groups, makeContext, {
      usage: `${verb} <group> <device...>`,
      summary,
      options: z.object({}),
      run: async (context, words) => {
        const [name = '', ...devices] = words;
        const client = await connect(context);
        const group = await client.groups[call](name, { devices });
        const count = await countOf(client, group);
        print(context, { ...group, devices: count }, () => show(group, count));
      },
    });
  leaf(groups, makeContext, {
    usage: 'devices <group>',
    summary: 'list the devices of a group',
    options: z.object({}),
    run: async (context, words) => {
      const found = await (await connect(context)).groups.listDevices(word(words, 0)).all();
      print(context, found, () => table(DEVICE_HEADINGS, found.map(deviceLine), context.columns));
    },
  });
};
