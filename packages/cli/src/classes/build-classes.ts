import { availableParallelism } from 'node:os';
import { join, relative, resolve } from 'node:path';
import type { ClassBuild } from '@slipway/image';
import type { ClassTexts } from '@slipway/image-spec';
import { codeOf, ERRORS, messageOf, SlipwayError, type ErrorCode } from '@slipway/protocol';
import type { BuildOptions } from '../build-options.ts';
import { cacheFolder } from '../cache-folder.ts';
import { keepCacheSmall, maxCacheBytes } from '../cache-max.ts';
import { Ended, print } from '../command.ts';
import type { Context } from '../context.ts';
import { readVariables, type Variables } from '../given-variables.ts';
import { readImageFiles } from '../read-image-files.ts';
import { size, table } from '../table.ts';
import { agentParts } from './class-deployment.ts';
import {
  bundleSigner,
  formatsOfClass,
  parseClassFormats,
  writeClassOutputs,
  type ClassOutput,
} from './class-outputs.ts';
import { showClassProgress } from './class-progress.ts';
import { findClasses, findRepository, type FoundClass } from './find-classes.ts';

/** How it went with one class. */
export type ClassOutcome = {
  readonly class: string;
  readonly file: string;
} & (
  | ({ readonly status: 'built'; readonly outputs: readonly ClassOutput[] } & Pick<
      ClassBuild,
      'folder' | 'result'
    >)
  | { readonly status: 'failed'; readonly code: ErrorCode; readonly message: string }
  /** another one failed first, and that ends it all */
  | { readonly status: 'stopped' }
);

const DEFAULT_DIR = 'out';

const textsOf = async (
  repository: string,
  { file, text, deviceClass }: Extract<FoundClass, { text: string }>,
  given: Variables,
): Promise<ClassTexts> => {
  const imageFiles = await readImageFiles({ cwd: repository }, deviceClass.images);
  return { classFile: { name: file, text }, imageFiles, variables: given.of(imageFiles) };
};

/** What is set for classes is for those of them that declare it; one of them must. */
const classVariables = async (
  context: Context,
  options: BuildOptions,
  repository: string,
  classes: readonly FoundClass[],
): Promise<Variables> => {
  const given = await readVariables(context, options);
  const names = new Set(classes.flatMap((one) => ('problem' in one ? [] : one.deviceClass.images)));
  const files = [...names].map(async (name) => readImageFiles({ cwd: repository }, [name]));
  // What cannot be read is told of the class.
  given.check(
    (await Promise.allSettled(files)).flatMap((one) => (one.status === 'fulfilled' ? one.value : [])),
  );
  return given;
};

const timeOf = async (
  { env }: Pick<Context, 'env'>,
  repository: string,
  files: readonly string[],
): Promise<number> => {
  const epoch = env['SOURCE_DATE_EPOCH'];
  if (epoch !== undefined && /^\d+$/.test(epoch)) return Number(epoch);
  const { newestOf } = await import('@slipway/image');
  return newestOf(files.map((name) => join(repository, name)));
};

const artifact = (outcome: ClassOutcome, name: string): string => {
  if (outcome.status !== 'built') return '';
  const found = outcome.result.artifacts.find((one) => one.name === name);
  return found === undefined ? '-' : size(found.size);
};

const render = (context: Context, outcomes: readonly ClassOutcome[]): string =>
  table(
    ['class', 'arch', 'result', 'kernel', 'root', 'disk', 'where'],
    outcomes.map((one) => [
      one.class,
      one.status === 'built' ? one.result.arch : '',
      one.status === 'failed' ? one.code : one.status,
      ...['uki.efi', 'root.img', 'disk.img'].map((name) => artifact(one, name)),
      one.status === 'built' ? relative(context.cwd, one.folder) || '.' : '',
    ]),
    context.columns,
  );

/** What was asked for by --format or by class files. */
const renderOutputs = (context: Context, outcomes: readonly ClassOutcome[]): string[] => {
  const rows = outcomes.flatMap((one) =>
    one.status === 'built'
      ? one.outputs.map((output) => [one.class, output.name, size(output.size), output.digest])
      : [],
  );
  return rows.length === 0 ? [] : [table(['class', 'output', 'size', 'digest'], rows, context.columns)];
};

/** Prints what each class would be made of. */
const showSpecs = async (
  context: Context,
  repository: string,
  classes: readonly FoundClass[],
  given: Variables,
): Promise<void> => {
  const { formatSpec, parseClassImage } = await import('@slipway/image-spec');
  const specs = [];
  for (const one of classes) {
    if ('problem' in one) throw one.problem;
    specs.push({ name: one.name, spec: parseClassImage(await textsOf(repository, one, given)).spec });
  }
  if (context.json)
    context.out(
      `{${specs.map(({ name, spec }) => `${JSON.stringify(name)}: ${formatSpec(spec, 'json').trimEnd()}`).join(',\n')}}`,
    );
  else
    for (const { name, spec } of specs)
      context.out(`${specs.length > 1 ? `# ${name}\n` : ''}${formatSpec(spec, 'yaml').trimEnd()}`);
};

/**
 * Builds device classes side by side, with what they share made once. Each has all of its outputs in a folder of its own,
 * or nothing; one that fails does not keep others from being built.
 *
 * @throws {SlipwayError} before anything is built; {Ended} with the exit status of the first class that failed, in the
 *   order of their names
 */
export const buildClasses = async (context: Context, options: BuildOptions): Promise<void> => {
  if (options.lock !== true)
    throw new SlipwayError(
      'USAGE',
      'The lock file of classes is slipway.lock of their repository, if it is there.',
    );
  const repository = await findRepository(context, options.repository);
  const classes = await findClasses(repository, options.all ? undefined : options.class);
  const given = await classVariables(context, options, repository, classes);
  if (options.dryRun) {
    await showSpecs(context, repository, classes, given);
    return;
  }
  const maxBytes = maxCacheBytes(context);
  const { buildClass, createSharedWork, dockerfileBuildsOf, withCancellation } =
    await import('@slipway/image');
  const { parseClassImage } = await import('@slipway/image-spec');
  const { sideBySide } = await import('@slipway/components');
  const { LOCK_FILE } = await import('@slipway/lock');
  const { agentBundles, deploymentOf } = await agentParts(context, options);
  const cacheDir = cacheFolder(context, options.cache);
  const asked = parseClassFormats(options.format);
  const formatsOf = (one: FoundClass) =>
    asked.length > 0 ? asked : 'problem' in one ? [] : formatsOfClass(one.deviceClass);
  const signer = await bundleSigner(context, [...asked, ...classes.flatMap(formatsOf)], options);
  const shared = createSharedWork();
  const isShown =
    !options.quiet &&
    (options.progress === 'plain' || (options.progress === 'auto' && context.isTerminal === true));
  const names = classes.map(({ name }) => name);
  const progressOf = showClassProgress(context, names, isShown, () => performance.now());
  const failed = new AbortController();
  const signal = AbortSignal.any([context.signal, failed.signal]);

  const buildOne = async (one: FoundClass): Promise<ClassOutcome> => {
    const told = { class: one.name, file: one.file };
    if (signal.aborted) return { ...told, status: 'stopped' };
    try {
      if ('problem' in one) throw one.problem;
      const texts = await textsOf(repository, one, given);
      const { spec } = parseClassImage(texts);
      const deployment = spec.agent.enabled ? await deploymentOf(one.deviceClass) : undefined;
      if (spec.agent.enabled && deployment === undefined)
        throw new SlipwayError(
          'CONFIG_INVALID',
          `the image of ${one.name} has the agent, and no server is known for it; name one by --enrol-url, --server-ca and --release-root, run "npm run up", or say agent: { enabled: false }`,
        );
      const files = [one.file, ...texts.imageFiles.map(({ name }) => name), LOCK_FILE];
      const formats = formatsOf(one);
      if (formats.includes('bundle') && one.deviceClass.secureBoot)
        throw new SlipwayError(
          'OUTPUT_UNSUPPORTED',
          `the firmware of ${one.name} starts only what is signed for it, which the signer of a server does; leave bundle out by --format, or build it there`,
        );
      const progress = progressOf(one.name);
      let outputs: readonly ClassOutput[] = [];
      const built = await withCancellation(signal, async () =>
        buildClass({
          texts,
          sourceDir: repository,
          cacheDir,
          outDir: resolve(context.cwd, options.dir ?? DEFAULT_DIR),
          version: options.imageVersion,
          time: options.time ?? (await timeOf(context, repository, files)),
          deployment,
          agentBundles,
          counter: options.counter,
          complete: async (folder, result) => {
            outputs = await writeClassOutputs(folder, result, formats, signer, deployment);
          },
          shared,
          offline: options.offline,
          dockerfileBuilds: options.allowDockerfileBuilds ? dockerfileBuildsOf(context.env) : undefined,
          progress: (state) => {
            signal.throwIfAborted();
            progress(state);
          },
          log: () => undefined,
        }),
      );
      return { ...told, status: 'built', ...built, outputs };
    } catch (error) {
      if (signal.aborted) return { ...told, status: 'stopped' };
      const failure = { code: codeOf(error), message: messageOf(error) };
      context.err(`${one.name}: ${failure.code}: ${failure.message}`);
      if (options.failFast) failed.abort();
      return { ...told, status: 'failed', ...failure };
    }
  };

  const outcomes = await sideBySide(classes, options.jobs ?? availableParallelism(), buildOne);
  await keepCacheSmall(context, cacheDir, maxBytes);
  context.signal.throwIfAborted();
  if (!options.quiet)
    print(context, outcomes, () =>
      [render(context, outcomes), ...renderOutputs(context, outcomes)].join('\n\n'),
    );
  const [first] = outcomes.flatMap((one) => (one.status === 'failed' ? [one.code] : []));
  if (first !== undefined) throw new Ended(ERRORS[first].exit);
};
