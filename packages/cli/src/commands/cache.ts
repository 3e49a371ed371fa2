import type { Command } from 'commander';
import { z } from 'zod';
import { cacheFolder } from '../cache-folder.ts';
import {
  CACHE_KINDS,
  listCache,
  outdated,
  removeItems,
  type CacheItem,
  type CacheKind,
} from '../cache-items.ts';
import { leaf, print, type MakeContext } from '../command.ts';
import { size, table, time } from '../table.ts';

const UNITS_MS: Readonly<Record<string, number>> = {
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};
const DEFAULT_AGE = '30d';

const Age = z
  .string()
  .regex(/^\d{1,6}[mhdw]$/, 'expected a number and m, h, d or w, such as 30d')
  .transform((text) => Number(text.slice(0, -1)) * (UNITS_MS[text.slice(-1)] ?? 0));

const Cache = { cache: z.string().optional() };
const withCache = (command: Command): Command =>
  command.option('--cache <folder>', 'the cache; otherwise SLIPWAY_CACHE or ~/.cache/slipway');

type Sum = {
  readonly kind: CacheKind;
  readonly items: number;
  readonly bytes: number;
  readonly lastUsed: string;
};

const sums = (items: readonly CacheItem[]): Sum[] =>
  [...Map.groupBy(items, ({ kind }) => kind)].map(([kind, all]) => ({
    kind,
    items: all.length,
    bytes: totalOf(all),
    lastUsed: new Date(Math.max(...all.map(({ lastUsed }) => lastUsed.getTime()))).toISOString(),
  }));

const totalOf = (items: readonly CacheItem[]): number => items.reduce((sum, { bytes }) => sum + bytes, 0);

const render = (items: readonly CacheItem[]): string =>
  [
    table(
      ['kind', 'items', 'size', 'last used', 'what'],
      sums(items).map(({ kind, items, bytes, lastUsed }) => [
        kind,
        String(items),
        size(bytes),
        time(lastUsed),
        CACHE_KINDS[kind],
      ]),
    ),
    `${size(totalOf(items))} in all`,
  ].join('\n');

export const cacheCommands = (program: Command, makeContext: MakeContext): void => {
  const cache = program
    .command('cache')
    .summary('what is kept from one build to the next')
    .description(
      'Shows and tidies what is kept from one build to the next. Nothing in it is needed: builds get it again.',
    );

  leaf(cache, makeContext, {
    usage: 'path',
    summary: 'print where the cache is',
    options: z.object(Cache),
    build: withCache,
    run: async (context, _words, options) => {
      const path = cacheFolder(context, options.cache);
      print(context, { path }, () => path);
    },
  });

  leaf(cache, makeContext, {
    usage: 'ls',
    summary: 'list what is in the cache and how large it is',
    options: z.object(Cache),
    build: withCache,
    run: async (context, _words, options) => {
      const path = cacheFolder(context, options.cache);
      const items = await listCache(path);
      print(context, { path, bytes: totalOf(items), kinds: sums(items) }, () => render(items));
    },
  });

  leaf(cache, makeContext, {
    usage: 'prune',
    summary: 'remove what has not been used for a while',
    options: z.object({
      ...Cache,
      olderThan: Age.prefault(DEFAULT_AGE),
      all: z.boolean().default(false),
      dryRun: z.boolean().default(false),
    }),
    build: (command) =>
      withCache(command)
        .option('--older-than <age>', `what was last used before, such as 12h, 7d or 4w (${DEFAULT_AGE})`)
        .option('--all', 'everything, also what builds that run now may still need')
        .option('--dry-run', 'only say what would go'),
    run: async (context, _words, options) => {
      const path = cacheFolder(context, options.cache);
      const now = new Date();
      const before = options.all ? new Date(now.getTime() + 1) : new Date(now.getTime() - options.olderThan);
      const items = await listCache(path);
      const going = outdated(items, before, now, options.all ? 'all' : 'old');
      if (!options.dryRun) await removeItems(going);
      const result = {
        path,
        dryRun: options.dryRun,
        removed: going.length,
        freedBytes: totalOf(going),
        keptBytes: totalOf(items) - totalOf(going),
      };
      print(
        context,
        result,
        () =>
          `${options.dryRun ? 'would remove' : 'removed'} ${going.length} of ${items.length} items, ` +
          `${size(result.freedBytes)}; ${size(result.keptBytes)} stay`,
      );
    },
  });
};
