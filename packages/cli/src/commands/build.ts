import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, relative, resolve } from 'node:path';
import type { Command } from 'commander';
import type { LocalBuildResult } from '@slipway/image';
import { Digest, explainStorage } from '@slipway/protocol';
import { buildLock } from '../build-lock.ts';
import { BuildOptions, buildTarget, withBuildOptions } from '../build-options.ts';
import { showProgress } from '../build-progress.ts';
import { wantsClasses } from '../classes/class-options.ts';
import { cacheFolder } from '../cache-folder.ts';
import { keepCacheSmall, maxCacheBytes } from '../cache-max.ts';
import { leaf, print, type MakeContext } from '../command.ts';
import type { Context } from '../context.ts';
import { readVariables } from '../given-variables.ts';
import { openOutput } from '../output-place.ts';
import { readImageFiles } from '../read-image-files.ts';
import { size, table } from '../table.ts';

const render = ({ files }: Pick<LocalBuildResult, 'files'>): string =>
  table(
    ['output', 'size', 'digest'],
    files.map((file) => [file.name, size(file.size), file.digest ?? '-']),
  );

/** The folder of the first image file: what is in an image does not tell from where it was built. */
const baseOf = ([first]: readonly { readonly name: string }[]): string =>
  first === undefined || first.name === '-' ? '.' : dirname(first.name);

const named = (base: string, { name, text }: { readonly name: string; readonly text: string }) => ({
  name: name === '-' ? name : relative(base, name),
  digest: Digest.parse(`sha256:${createHash('sha256').update(text).digest('hex')}`),
});

const writeReport = async (
  context: Context,
  output: string,
  name: string,
  files: readonly { readonly format: string; readonly path: string }[],
): Promise<void> => {
  const { makeReport, readContents } = await import('@slipway/sbom/contents');
  const list = files.find(({ format }) => format === 'contents');
  if (list === undefined) return;
  const path = resolve(context.cwd, output);
  const page = makeReport({ name, contents: readContents(await readFile(list.path)) });
  await writeFile(path, page).catch((error: unknown) => {
    throw explainStorage(error, [path]);
  });
};

/** Commands start fast: what builds is loaded when something is built. */
const build = async (
  context: Context,
  words: readonly string[],
  options: BuildOptions,
  given: ReadonlySet<string>,
): Promise<void> => {
  if (wantsClasses(words, options, given)) {
    const { buildClasses } = await import('../classes/build-classes.ts');
    return buildClasses(context, options);
  }
  const target = buildTarget(words, options);
  const { formatSpec, parseImageFiles, parseReference } = await import('@slipway/image-spec');
  const home = context.env['HOME'] ?? homedir();
  const files = await readImageFiles(context, words);
  // What is printed is an image file that holds here.
  const base = options.dryRun ? '.' : baseOf(files);
  const chosen = await readVariables(context, options);
  chosen.check(files);
  const variables = chosen.of(files);
  const spec = parseImageFiles(files, { paths: 'working-directory', base, home, variables });
  if (options.dryRun) {
    context.out(formatSpec(spec, context.json ? 'json' : 'yaml').trimEnd());
    return;
  }
  const maxBytes = maxCacheBytes(context);
  const { buildLocal, dockerfileBuildsOf, FORMATS, parseFormat, referencesOf } =
    await import('@slipway/image');
  // In one order, whatever order they were asked for in: descriptions list them.
  const asked = new Set(target.formats.map(parseFormat));
  const formats = FORMATS.filter((format) => asked.has(format));
  const isShown =
    !options.quiet &&
    (options.progress === 'plain' || (options.progress === 'auto' && context.isTerminal === true));
  const lock = await buildLock(context, options.lock, {
    spec,
    files: words,
    arch: options.arch,
    baseDir: resolve(context.cwd, base),
  });
  // Loaded once, images share connections and tokens.
  const registries = referencesOf(spec).some((text) => parseReference(text).type === 'registry')
    ? await (
        await import('@slipway/oci')
      ).loadRegistries({ baseDir: resolve(context.cwd, base), environment: context.env, home })
    : undefined;
  // Nobody is told the digests otherwise, and hashing costs as much as copying.
  const isTold = !options.quiet && target.output !== '-';
  const place = await openOutput(context, target, options.dir);
  try {
    const result = await buildLocal({
      spec,
      arch: options.arch,
      formats,
      name: place.name,
      outDir: place.folder,
      baseDir: resolve(context.cwd, base),
      sourceDir: context.cwd,
      home,
      cacheDir: cacheFolder(context, options.cache),
      offline: options.offline,
      registries,
      sizes: options.size,
      decompressKernel: options.decompressKernel,
      pull: options.pull ? 'always' : 'missing',
      ...(lock === undefined
        ? {}
        : {
            lockedImages: lock.lockedImages,
            lockedPlatforms: lock.lockedPlatforms,
            lockedPackages: lock.lockedPackages,
          }),
      dockerfileBuilds: options.allowDockerfileBuilds ? dockerfileBuildsOf(context.env) : undefined,
      describe:
        target.output === '-'
          ? undefined
          : {
              sbom: options.sbom,
              provenance: options.provenance,
              contents: options.contents,
              imageFiles: files.map((file) => named(base, file)),
              variables,
              ...(lock === undefined ? {} : { lock: named(base, lock) }),
            },
      digests: isTold,
      signal: context.signal,
      log: () => undefined,
      progress: showProgress(context, isShown, () => performance.now()),
    });
    await keepCacheSmall(context, cacheFolder(context, options.cache), maxBytes);
    await place.deliver(result.files);
    const written = result.files.map((file) => {
      const path = place.pathOf(file.name);
      return { ...file, name: basename(path), path };
    });
    if (options.report !== undefined) await writeReport(context, options.report, place.name, written);
    if (isTold) print(context, { ...result, files: written }, () => render({ files: written }));
  } finally {
    await place.close();
  }
};

export const buildCommand = (program: Command, makeContext: MakeContext): void => {
  leaf(program, makeContext, {
    usage: 'build',
    summary: 'build an image here, from image files in the words of LinuxKit, or images of device classes',
    options: BuildOptions,
    build: withBuildOptions,
    run: build,
  });
};
