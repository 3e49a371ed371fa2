import type { Command } from 'commander';
import type { Client } from '@slipway/client';
import { SlipwayError } from '@slipway/protocol';
import { z } from 'zod';
import { leaf, print, word, type MakeContext } from '../command.ts';
import { connect } from '../context.ts';
import { readContexts } from '../contexts.ts';

const MOST = 200;
/** Who presses a key does not wait for a server that is away. */
const PATIENCE_MS = 2000;

type Options = { readonly signal: AbortSignal };
const idsOf = (items: readonly { readonly id: string }[]): string[] => items.map(({ id }) => id);

/** What an argument of a command may be, by the name that its usage gives it. */
const NAMES = {
  device: async (client: Client, prefix: string, options: Options) =>
    idsOf(
      await client.devices
        .list(/^[a-z0-9-]+$/.test(prefix) ? { query: `id ~ "${prefix}*"` } : {}, options)
        .all(MOST),
    ),
  group: async (client: Client, _prefix: string, options: Options) =>
    (await client.groups.list({}, options).all(MOST)).map(({ name }) => name),
  build: async (client: Client, _prefix: string, options: Options) =>
    idsOf(await client.builds.list({}, options).all(MOST)),
  release: async (client: Client, _prefix: string, options: Options) =>
    idsOf(await client.releases.list({}, options).all(MOST)),
  rollout: async (client: Client, _prefix: string, options: Options) =>
    idsOf(await client.rollouts.list({}, options).all(MOST)),
  claim: async (client: Client, _prefix: string, options: Options) =>
    idsOf(await client.claims.list({}, options).all(MOST)),
  channel: async (client: Client, _prefix: string, options: Options) =>
    (await client.channels.list({}, options).all(MOST)).map(
      ({ deviceClass, name }) => `${deviceClass}/${name}`,
    ),
  component: async (client: Client, _prefix: string, options: Options) =>
    idsOf(await client.components.list({}, options).all(MOST)),
  image: async (client: Client, _prefix: string, options: Options) =>
    idsOf(await client.images.list({}, options).all(MOST)),
  package: async (client: Client, prefix: string, options: Options) =>
    (await client.packages.list({ name: `${prefix.replace(/[*?\\]/g, '\\$&')}*` }, options).all(MOST)).map(
      ({ name }) => name,
    ),
  key: async (client: Client, _prefix: string, options: Options) =>
    idsOf(await client.keys.list({}, options).all(MOST)),
  class: async (client: Client, _prefix: string, options: Options) =>
    (await client.deviceClasses.list(options)).map(({ name }) => name),
} as const;

/** Those of which names can be asked for. */
export const COMPLETED: readonly string[] = [...Object.keys(NAMES), 'context'];

export const completeCommand = (program: Command, makeContext: MakeContext): void => {
  leaf(program, makeContext, {
    usage: 'complete <kind> [prefix]',
    summary: 'print names of things of a kind, one a line; what the script of completion asks',
    options: z.object({}),
    run: async (context, words) => {
      const [kind, prefix] = [word(words, 0), word(words, 1)];
      const ask = Object.entries(NAMES).find(([name]) => name === kind)?.[1];
      if (ask === undefined && kind !== 'context')
        throw new SlipwayError('USAGE', `expected ${COMPLETED.join(', ')}, found ${kind}`);
      const signal = AbortSignal.any([context.signal, AbortSignal.timeout(PATIENCE_MS)]);
      const names =
        ask === undefined
          ? Object.keys((await readContexts(context)).contexts)
          : await ask(await connect(context), prefix, { signal });
      const found = names.filter((name) => name.startsWith(prefix));
      print(context, found, () => found.join('\n'));
    },
  });
};
