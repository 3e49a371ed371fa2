import { basename, extname } from 'node:path';
import { FORMATS, isDiskFormat, isOneFile } from '@slipway/image/formats';
import { SlipwayError } from '@slipway/protocol';
import type { Command } from 'commander';
import { z } from 'zod';
import { ARCH_NAMES, ArchOption, HOST_ARCH } from './arch-option.ts';
import { CLASS_OPTIONS, withClassOptions } from './classes/class-options.ts';
import { collect } from './command.ts';
import { parseDiskSizes } from './disk-sizes.ts';
import { VARIABLE_OPTIONS, withVariables } from './given-variables.ts';

export const SBOMS = ['cyclonedx', 'spdx'] as const;
export const PROGRESS = ['auto', 'plain', 'none'] as const;

/** Repeated or with commas between, each once. */
const list = (texts: readonly string[]): string[] => [
  ...new Set(texts.flatMap((text) => text.split(',')).filter((text) => text !== '')),
];

const Sbom = z
  .union([z.boolean(), z.array(z.string())])
  .default(true)
  .transform((value) => (value === true ? ['cyclonedx'] : value === false ? [] : list(value)))
  .transform((values) => (values.includes('none') && values.length === 1 ? [] : values))
  .pipe(z.array(z.enum(SBOMS, { error: 'expected cyclonedx, spdx or none' })));

export const BuildOptions = z.object({
  ...CLASS_OPTIONS,
  ...VARIABLE_OPTIONS,
  format: z.array(z.string()).default([]).transform(list),
  name: z.string().optional(),
  dir: z.string().optional(),
  output: z.string().optional(),
  arch: ArchOption.default(HOST_ARCH),
  lock: z.union([z.string(), z.boolean()]).default(true),
  offline: z.boolean().default(false),
  pull: z.boolean().default(false),
  sbom: Sbom,
  provenance: z.boolean().default(true),
  contents: z.boolean().default(true),
  report: z.string().optional(),
  size: z.array(z.string()).default([]).transform(list).transform(parseDiskSizes),
  decompressKernel: z.boolean().default(false),
  allowDockerfileBuilds: z.boolean().default(false),
  dryRun: z.boolean().default(false),
  cache: z.string().optional(),
  progress: z.enum(PROGRESS).default('auto'),
  quiet: z.boolean().default(false),
});
export type BuildOptions = z.infer<typeof BuildOptions>;

export const withBuildOptions = (command: Command): Command =>
  withClassOptions(withVariables(withImageOptions(command)));

const withImageOptions = (command: Command): Command =>
  command
    .argument('[file...]', 'image files, merged in this order; - is standard input')
    .option(
      '-f, --format <formats>',
      `${FORMATS.join(', ')}, and of classes bundle; several by commas or by repeating (kernel+initrd)`,
      collect,
    )
    .option('--name <name>', 'how the outputs are called; otherwise as the last file')
    .option('--dir <folder>', 'where the outputs go; otherwise here, of classes to out/CLASS')
    .option('-o, --output <file>', 'for one format that is one file (tar): its path; - is standard output')
    .option('--arch <arch>', `${ARCH_NAMES}; otherwise as this machine`)
    .option(
      '--size <sizes>',
      'of a disk: 2G for all of it, esp=256M,data=1G for partitions; otherwise what is needed, without data',
      collect,
    )
    .option('--lock <file>', 'what tags and packages stand for; otherwise slipway.lock beside the first file')
    .option('--no-lock', 'do not look for a lock file')
    .option('--offline', 'take everything from the cache and from disk')
    .option('--pull', 'ask registries what tags point at, even if the cache remembers')
    .option('--sbom <kinds>', 'cyclonedx, spdx or both; none for none (cyclonedx)', collect)
    .option('--no-sbom', 'write no SBOM')
    .option('--no-provenance', 'write no provenance')
    .option('--contents', 'write the list of files (so it is unless --no-contents)')
    .option('--no-contents', 'write no list of files, which slipway why and slipway diff read')
    .option('--report <file>', 'write a page that shows what takes how much of the image')
    .option('--decompress-kernel', 'unpack a kernel that is compressed by gzip')
    .option('--allow-dockerfile-builds', 'run what Dockerfiles of the image files say, here and as root')
    .option('--dry-run', 'print the merged specification and build nothing')
    .option('--cache <folder>', 'the cache; otherwise SLIPWAY_CACHE or ~/.cache/slipway')
    .option('--progress <how>', 'auto (where a terminal is), plain or none')
    .option('-q, --quiet', 'print nothing but errors');

/** What LinuxKit calls the outputs of a specification that comes from standard input. */
const NAME_OF_STDIN = 'moby';

export type BuildTarget = {
  readonly formats: readonly string[];
  readonly name: string;
  /** the one output goes there; `-`: standard output */
  readonly output: string | undefined;
};

/**
 * Names and formats as `linuxkit build` chooses them.
 *
 * @throws {SlipwayError} USAGE
 */
export const buildTarget = (files: readonly string[], options: BuildOptions): BuildTarget => {
  const { output, name, dir } = options;
  const refuse = (why: string): never => {
    throw new SlipwayError('USAGE', why);
  };
  if (options.offline && options.pull)
    refuse('--pull asks registries, and --offline forbids it; leave one out.');
  if ([...files, options.variables].filter((file) => file === '-').length > 1)
    refuse('- stands for standard input, which is read once.');
  if (options.report !== undefined && (!options.contents || output === '-'))
    refuse('--report is made from the list of files: leave --no-contents and --output - out.');
  const formats =
    options.format.length > 0 ? options.format : [output === undefined ? 'kernel+initrd' : 'tar'];
  if (Object.keys(options.size).length > 0 && !formats.some(isDiskFormat))
    refuse(`--size is of disks, and ${formats.join(', ')} is none; choose raw-efi or the like.`);
  if (output !== undefined) {
    if (name !== undefined || dir !== undefined)
      refuse('--output is the whole path: leave --name and --dir out.');
    if (formats.length > 1)
      refuse(`--output is one file, but ${formats.join(', ')} are several; use --dir and --name.`);
    if (!formats.every(isOneFile))
      refuse(`--output is one file, but ${formats.join()} is several; use --dir and --name.`);
  }
  const last = files.at(-1) ?? '-';
  return { formats, name: name ?? (last === '-' ? NAME_OF_STDIN : basename(last, extname(last))), output };
};
