import { homedir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import type { Arch } from '@slipway/protocol';
import {
  mergeParts,
  parseClassFile,
  parseClassParts,
  parseImageParts,
  parseSpecDocument,
  type ClassFile,
} from '@slipway/image-spec';
import { lintImage, mergedContainers, mergeFindings, type Finding } from '@slipway/image-spec/lint';
import { buildLock } from '../build-lock.ts';
import type { Context } from '../context.ts';
import { isClassFile } from '../lock-plan.ts';
import { readImageFiles } from '../read-image-files.ts';
import { outsideFacts, type OutsideOptions } from './outside-facts.ts';

type Text = { readonly name: string; readonly text: string };

export type LintFilesOptions = Pick<
  OutsideOptions,
  'cacheDir' | 'offline' | 'images' | 'kernel' | 'kernelConfig'
> & {
  /** of image files; a class has its own */
  readonly arch: Arch;
  readonly lock: string | boolean;
  /** what the built image shows */
  readonly built: readonly Finding[];
};

/** A class with its image files, as a build of it takes them: names are relative to the image repository. */
const lintClassFile = async (
  context: Context,
  { name, text }: Text,
  options: LintFilesOptions,
): Promise<Finding[]> => {
  const path = resolve(context.cwd, name);
  const repository = dirname(dirname(path));
  const fileName = relative(repository, path);
  const value: ClassFile = parseClassFile(text, fileName);
  const imageFiles = await readImageFiles({ cwd: repository }, value.images);
  const { parts } = parseClassParts({ classFile: { name: fileName, text }, imageFiles });
  const spec = mergeParts(parts);
  const lock = await buildLock({ cwd: repository }, options.lock, {
    spec,
    files: [],
    arch: value.arch,
    baseDir: repository,
  });
  const outside = await outsideFacts(context, {
    ...options,
    ...lock,
    spec,
    arch: value.arch,
    baseDir: repository,
  });
  const findings = lintImage({
    parts,
    containers: await mergedContainers(parts, outside.factsOf),
    isLocked: lock !== undefined,
    deviceClass: { doc: parseSpecDocument(text, fileName), value },
    kernel: outside.kernel,
    built: options.built,
  });
  const fromHere = relative(context.cwd, repository);
  return findings.map((found) =>
    options.built.some(({ file }) => file === found.file)
      ? found
      : { ...found, file: join(fromHere, found.file) },
  );
};

/** Image files as `slipway build` merges them. */
const lintImageFiles = async (
  context: Context,
  files: readonly Text[],
  options: LintFilesOptions,
): Promise<Finding[]> => {
  const home = context.env['HOME'] ?? homedir();
  const parts = parseImageParts(files, { paths: 'working-directory', home });
  const spec = mergeParts(parts);
  const baseDir = context.cwd;
  const names = files.map(({ name }) => name);
  const lock = await buildLock(context, options.lock, { spec, files: names, arch: options.arch, baseDir });
  const outside = await outsideFacts(context, { ...options, ...lock, spec, baseDir });
  return lintImage({
    parts,
    containers: await mergedContainers(parts, outside.factsOf),
    isLocked: lock !== undefined,
    kernel: outside.kernel,
    built: options.built,
  });
};

/**
 * Checks class files, each with its image, and image files, which are one image.
 *
 * @throws {SlipwayError} SPEC_…, NOT_FOUND, LOCK_…, and those of components
 */
export const lintFiles = async (
  context: Context,
  names: readonly string[],
  options: LintFilesOptions,
): Promise<Finding[]> => {
  const files = await readImageFiles(context, names);
  const classes = files.filter(({ name, text }) => isClassFile(resolve(context.cwd, name), text));
  const images = files.filter((file) => !classes.includes(file));
  const all: Finding[][] = [];
  for (const file of classes) all.push(await lintClassFile(context, file, options));
  if (images.length > 0) all.push(await lintImageFiles(context, images, options));
  return mergeFindings(all);
};
