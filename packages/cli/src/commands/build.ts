import { homedir } from 'node:os';
import { basename } from 'node:path';
import type { Command } from 'commander';
import type { LocalBuildResult } from '@slipway/image';
import { BuildOptions, buildTarget, withBuildOptions } from '../build-options.ts';
import { showProgress } from '../build-progress.ts';
import { cacheFolder } from '../cache-folder.ts';
import { leaf, print, type MakeContext } from '../command.ts';
import type { Context } from '../context.ts';
import { openOutput } from '../output-place.ts';
import { readImageFiles } from '../read-image-files.ts';
import { size, table } from '../table.ts';

const render = ({ files }: Pick<LocalBuildResult, 'files'>): string =>
  table(
    ['output', 'size', 'digest'],
    files.map((file) => [file.name, size(file.size), file.digest]),
  );

/** Commands start fast: what builds is loaded when something is built. */
const build = async (context: Context, words: readonly string[], options: BuildOptions): Promise<void> => {
  const target = buildTarget(words, options);
  const { formatSpec, parseImageFiles } = await import('@slipway/image-spec');
  const home = context.env['HOME'] ?? homedir();
  const spec = parseImageFiles(await readImageFiles(context, words), { paths: 'working-directory', home });
  if (options.dryRun) {
    context.out(formatSpec(spec, context.json ? 'json' : 'yaml').trimEnd());
    return;
  }
  const { buildLocal, parseFormat } = await import('@slipway/image');
  const formats = target.formats.map(parseFormat);
  const isShown =
    !options.quiet &&
    (options.progress === 'plain' || (options.progress === 'auto' && context.isTerminal === true));
  const place = await openOutput(context, target, options.dir);
  try {
    const result = await buildLocal({
      spec,
      arch: options.arch,
      formats,
      name: place.name,
      outDir: place.folder,
      baseDir: context.cwd,
      sourceDir: context.cwd,
      home,
      cacheDir: cacheFolder(context, options.cache),
      offline: options.offline,
      pull: options.pull ? 'always' : 'missing',
      signal: context.signal,
      log: () => undefined,
      progress: showProgress(context, isShown, () => performance.now()),
    });
    await place.deliver(result.files);
    const files = result.files.map((file) => {
      const path = place.pathOf(file.name);
      return { ...file, name: basename(path), path };
    });
    if (!options.quiet && target.output !== '-')
      print(context, { ...result, files }, () => render({ files }));
  } finally {
    await place.close();
  }
};

export const buildCommand = (program: Command, makeContext: MakeContext): void => {
  leaf(program, makeContext, {
    usage: 'build',
    summary: 'build an image here, from image files in the words of LinuxKit',
    options: BuildOptions,
    build: withBuildOptions,
    run: build,
  });
};
