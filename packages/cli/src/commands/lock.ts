import { rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, relative } from 'node:path';
import type { Command } from 'commander';
import type { Lock, LockChange, LockInputs } from '@slipway/lock';
import { Arch, SlipwayError } from '@slipway/protocol';
import { z } from 'zod';
import { ARCH_NAMES, ArchOption, HOST_ARCH } from '../arch-option.ts';
import { cacheFolder } from '../cache-folder.ts';
import { classFiles } from '../class-files.ts';
import { collect, leaf, print, type MakeContext } from '../command.ts';
import type { Context } from '../context.ts';
import { readVariables, VARIABLE_OPTIONS, withVariables } from '../given-variables.ts';
import { table } from '../table.ts';

const LockOptions = z.object({
  ...VARIABLE_OPTIONS,
  update: z.union([z.boolean(), z.array(z.string())]).default(false),
  arch: z.array(ArchOption).default([]),
  check: z.boolean().default(false),
  output: z.string().optional(),
  offline: z.boolean().default(false),
  cache: z.string().optional(),
});
type LockOptions = z.infer<typeof LockOptions>;

/** What nobody asked for stays as it is: the architectures that are locked are locked again. */
const archesOf = (asked: readonly Arch[], lock: Lock | undefined): readonly Arch[] => {
  if (asked.length > 0) return asked;
  const locked = Arch.options.filter((arch) => lock?.debian[arch] !== undefined);
  return locked.length > 0 ? locked : [HOST_ARCH];
};

/**
 * The names given to `--update` as the lock has them: a package set may be named without `deb:`.
 *
 * @throws {SlipwayError} USAGE
 */
const updatesOf = (
  update: LockOptions['update'],
  wanted: ReadonlyMap<Arch, LockInputs>,
): 'all' | ReadonlySet<string> | undefined => {
  if (typeof update === 'boolean') return update ? 'all' : undefined;
  const known = new Set(
    [...wanted.values()].flatMap(({ images, packages }) => [
      ...images,
      ...[...packages.keys()].map((name) => `deb:${name}`),
    ]),
  );
  const isMeant = (name: string, entry: string): boolean =>
    entry === name ||
    entry === `deb:${name}` ||
    (entry.startsWith('docker.io/') && entry.endsWith(`/${name}`));
  return new Set(
    update.flatMap((name) => {
      const meant = [...known].filter((entry) => isMeant(name, entry));
      if (meant.length === 0)
        throw new SlipwayError(
          'USAGE',
          `--update ${name}: expected a reference or package set of these files, found none; there are ${[...known].join(', ')}`,
        );
      return meant;
    }),
  );
};

const SHOWN_DIGEST = /sha256:([0-9a-f]{12})[0-9a-f]{52}/g;
const short = (text: string | undefined): string => (text ?? '-').replaceAll(SHOWN_DIGEST, '$1');

const render = (changes: readonly LockChange[], columns: number | undefined): string =>
  table(
    ['what', 'arch', 'name', 'was', 'is'],
    changes.map(({ kind, arch, set, name, was, is }) => [
      set === undefined ? kind : `deb:${set}`,
      arch,
      name,
      short(was),
      short(is),
    ]),
    columns,
  );

const writeLock = async (path: string, text: string): Promise<void> => {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    await writeFile(temporary, text);
    await rename(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
};

/** `--update` takes the words that follow it, but a file is a file wherever it stands. */
const sortWords = (words: readonly string[], update: LockOptions['update']) => {
  if (typeof update === 'boolean') return { files: words, update };
  const isFile = (word: string): boolean => /\.ya?ml$/.test(word);
  const names = update.filter((word) => !isFile(word));
  return { files: [...words, ...update.filter(isFile)], update: names.length === 0 ? true : names };
};

const lock = async (context: Context, words: readonly string[], options: LockOptions): Promise<void> => {
  const { assertFresh, diffLocks, formatLock, readLock, resolveLock } = await import('@slipway/lock');
  const { planLock } = await import('../lock-plan.ts');
  const home = context.env['HOME'] ?? homedir();
  const { files, update } = sortWords(words, options.update);
  const named = files.length > 0 ? files : await classFiles(context, 'lock');
  const plan = await planLock(context, named, {
    output: options.output,
    home,
    given: await readVariables(context, options),
  });
  const name = relative(context.cwd, plan.path);
  const previous = await readLock(plan.path, name);
  const wanted = await plan.inputs(archesOf(options.arch, previous));
  const empty: Lock = { v: 1, images: {}, debian: {}, npm: {} };
  if (options.check) {
    for (const [arch, inputs] of wanted) assertFresh(previous ?? empty, inputs, arch, name);
    print(context, { file: plan.path, changes: [] }, () => `${name}: up to date`);
    return;
  }
  const made = await resolveLock(wanted, {
    lockDir: dirname(plan.path),
    cacheDir: cacheFolder(context, options.cache),
    previous,
    update: updatesOf(update, wanted),
    offline: options.offline,
    signal: context.signal,
    log: context.json ? undefined : context.err,
  });
  const changes = diffLocks(previous ?? empty, made);
  const text = formatLock(made);
  const isSame = previous !== undefined && formatLock(previous) === text;
  if (!isSame) await writeLock(plan.path, text);
  print(context, { file: plan.path, changes }, () => {
    if (isSame) return `${name}: nothing changed`;
    return changes.length === 0
      ? `${name}: written; it stands for the same as before`
      : `${render(changes, context.columns)}\n${name}: ${changes.length} ${changes.length === 1 ? 'change' : 'changes'}`;
  });
};

export const lockCommand = (program: Command, makeContext: MakeContext): void => {
  leaf(program, makeContext, {
    usage: 'lock',
    summary: 'pin tags and Debian packages of image files in slipway.lock',
    options: LockOptions,
    build: (command) =>
      withVariables(command)
        .argument('[file...]', 'image files, merged in this order, or class files; otherwise classes/*.yml')
        .option('--update [names...]', 'resolve again: everything, or the references and package sets named')
        .option(
          '--arch <arch>',
          `${ARCH_NAMES}, repeatable; otherwise those of the lock, or this machine`,
          collect,
        )
        .option('--check', 'change nothing; fail if the lock does not say all that the files name')
        .option('-o, --output <file>', 'the lock file; otherwise slipway.lock beside the first file')
        .option('--offline', 'take everything from the cache and from disk')
        .option('--cache <folder>', 'the cache; otherwise SLIPWAY_CACHE or ~/.cache/slipway'),
    run: lock,
  });
};
