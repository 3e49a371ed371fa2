import type { Command } from 'commander';
import { z } from 'zod';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { cacheFolder } from '../cache-folder.ts';
import {
  CACHE_KINDS,
  CacheSize,
  exportCache,
  importCache,
  inUseSince,
  listCache,
  outdated,
  removeItems,
  toFit,
  type CacheArchive,
  type CacheItem,
  type CacheKind,
} from '@slipway/components/cache';
import { explainStorage, SlipwayError } from '@slipway/protocol';
import { leaf, print, word, type MakeContext } from '../command.ts';
import { size, table, time } from '../table.ts';

const UNITS_MS: Readonly<Record<string, number>> = {
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};
const DEFAULT_AGE = '30d';
const DEFAULT_AGE_MS = 30 * 86_400_000;

const Age = z
  .string()
  .regex(/^\d{1,6}[mhdw]$/, 'expected a number and m, h, d or w, such as 30d')
  .transform((text) => Number(text.slice(0, -1)) * (UNITS_MS[text.slice(-1)] ?? 0));

const Cache = { cache: z.string().optional() };
const withCache = (command: Command): Command =>
  command.option('--cache <folder>', 'the cache; otherwise SLIPWAY_CACHE or ~/.cache/slipway');

/**
 * What goes: by size, by age, or by both. But for `--all`, what builds that run now have used stays.
 *
 * @param usedSince by builds that run
 */
const chooseOutgoing = (
  items: readonly CacheItem[],
  options: {
    readonly all: boolean;
    readonly olderThan?: number | undefined;
    readonly maxSize?: number | undefined;
  },
  now: Date,
  usedSince: Date | undefined,
): CacheItem[] => {
  if (options.all) return outdated(items, new Date(now.getTime() + 1), now, 'all');
  const { maxSize } = options;
  const age = options.olderThan ?? (maxSize === undefined ? DEFAULT_AGE_MS : undefined);
  const limit = age === undefined ? undefined : new Date(now.getTime() - age);
  const before = limit !== undefined && usedSince !== undefined && usedSince < limit ? usedSince : limit;
  const old = before === undefined ? [] : outdated(items, before, now, 'old');
  const rest = items.filter((item) => !old.includes(item));
  return maxSize === undefined ? old : [...old, ...toFit(rest, maxSize, usedSince)];
};

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
      olderThan: Age.optional(),
      maxSize: CacheSize.optional(),
      all: z.boolean().default(false),
      dryRun: z.boolean().default(false),
    }),
    build: (command) =>
      withCache(command)
        .option('--older-than <age>', `what was last used before, such as 12h, 7d or 4w (${DEFAULT_AGE})`)
        .option(
          '--max-size <size>',
          'what was used longest ago, until the rest is at most so large, such as 20G',
        )
        .option('--all', 'everything, also what builds that run now may still need')
        .option('--dry-run', 'only say what would go'),
    run: async (context, _words, options) => {
      const path = cacheFolder(context, options.cache);
      const now = new Date();
      const items = await listCache(path);
      const going = chooseOutgoing(items, options, now, await inUseSince(path));
      const gone = options.dryRun ? going : await removeItems(going);
      const result = {
        path,
        dryRun: options.dryRun,
        removed: gone.length,
        freedBytes: totalOf(gone),
        keptBytes: totalOf(items) - totalOf(gone),
      };
      print(
        context,
        result,
        () =>
          `${options.dryRun ? 'would remove' : 'removed'} ${gone.length} of ${items.length} items, ` +
          `${size(result.freedBytes)}; ${size(result.keptBytes)} stay`,
      );
    },
  });

  leaf(cache, makeContext, {
    usage: 'export <file>',
    summary: 'write what is in the cache into one file, with a digest of each part',
    options: z.object(Cache),
    build: withCache,
    run: async (context, words, options) => {
      const path = resolve(context.cwd, word(words, 0));
      const archive = await explained(path, exportCache(cacheFolder(context, options.cache), path));
      print(context, { path, ...archive }, () => `${word(words, 0)}: ${told(archive)}`);
    },
  });

  leaf(cache, makeContext, {
    usage: 'import <file>',
    summary: 'take over what a file of cache export holds, once every part has been checked',
    options: z.object(Cache),
    build: withCache,
    run: async (context, words, options) => {
      const file = resolve(context.cwd, word(words, 0));
      if (!existsSync(file)) throw new SlipwayError('NOT_FOUND', `${word(words, 0)}: there is no such file`);
      const path = cacheFolder(context, options.cache);
      const archive = await explained(path, importCache(path, file));
      print(context, { path, ...archive }, () => `${path}: ${told(archive)}`);
    },
  });
};

const told = ({ files, bytes }: CacheArchive): string => `${files} files, ${size(bytes)}`;

const explained = async <T>(path: string, work: Promise<T>): Promise<T> => {
  try {
    return await work;
  } catch (error) {
    throw explainStorage(error, [path]);
  }
};
