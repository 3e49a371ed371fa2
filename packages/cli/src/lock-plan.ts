import { basename, dirname, relative, resolve } from 'node:path';
import { parseClassFile, parseClassImage, parseImageFiles } from '@slipway/image-spec';
import { LOCK_FILE, lockInputs, mergeInputs, type LockInputs } from '@slipway/lock';
import { dockerfileBases, needsNode, systemPackages } from '@slipway/image';
import { SlipwayError, type Arch } from '@slipway/protocol';
import type { Context } from './context.ts';
import type { Variables } from './given-variables.ts';
import { readImageFiles } from './read-image-files.ts';

type Text = { readonly name: string; readonly text: string };

/** A lock file and what has to be in it. */
export type LockPlan = {
  /** absolute */
  readonly path: string;
  /** by architecture; those of image files are the ones asked for */
  inputs(arches: readonly Arch[]): Promise<ReadonlyMap<Arch, LockInputs>>;
};

/** Class files lie in `classes/` of an image repository, or they name image files. */
export const isClassFile = (file: string, text: string): boolean =>
  basename(dirname(resolve(file))) === 'classes' || /^images\s*:/m.test(text);

type Source = {
  readonly arch: Arch | undefined;
  inputs(lockDir: string, arch: Arch): Promise<LockInputs>;
};

/** A device class, as a build of it takes it: names are relative to the image repository. */
const classSource = async (
  context: Context,
  { name, text }: Text,
  given: Variables,
): Promise<Source & { readonly folder: string; readonly imageFiles: readonly Text[] }> => {
  const path = resolve(context.cwd, name);
  const folder = dirname(dirname(path));
  const classFile = { name: relative(folder, path), text };
  const { arch, images } = parseClassFile(text, classFile.name);
  const imageFiles = await readImageFiles({ cwd: folder }, images);
  const { spec } = parseClassImage({ classFile, imageFiles, variables: given.of(imageFiles) });
  return {
    arch,
    folder,
    imageFiles,
    inputs: async (lockDir) =>
      lockInputs(
        spec,
        { baseDir: folder, lockDir },
        {
          packages: systemPackages(spec),
          npm: needsNode(spec),
          bases: await dockerfileBases(spec, { arch, baseDir: folder }),
        },
      ),
  };
};

/** Image files, as `slipway build` merges them. */
const imageSource = (context: Context, files: readonly Text[], given: Variables, home: string): Source => {
  const spec = parseImageFiles(files, { paths: 'working-directory', home, variables: given.of(files) });
  return {
    arch: undefined,
    inputs: async (lockDir, arch) => {
      const bases = await dockerfileBases(spec, { arch, baseDir: context.cwd });
      return lockInputs(spec, { baseDir: context.cwd, lockDir }, { bases });
    },
  };
};

/**
 * Reads image and class files and finds their lock file: named, or `slipway.lock` beside the first image file, or in
 * the image repository of a class file.
 *
 * @throws {SlipwayError} USAGE, NOT_FOUND, SPEC_…
 */
export const planLock = async (
  context: Context,
  names: readonly string[],
  {
    output,
    home,
    given,
  }: { readonly output: string | undefined; readonly home: string; readonly given: Variables },
): Promise<LockPlan> => {
  const files = await readImageFiles(context, names);
  const images = files.filter(({ name, text }) => !isClassFile(resolve(context.cwd, name), text));
  const classes = await Promise.all(
    files.filter((file) => !images.includes(file)).map(async (file) => classSource(context, file, given)),
  );
  given.check([...images, ...classes.flatMap(({ imageFiles }) => imageFiles)]);
  const [first] = images;
  const folder = first === undefined ? classes[0]?.folder : resolve(context.cwd, dirname(first.name));
  if (folder === undefined) throw new SlipwayError('USAGE', 'expected image or class files to lock');
  const path = resolve(context.cwd, output ?? resolve(folder, LOCK_FILE));
  const sources: Source[] = [
    ...classes,
    ...(images.length === 0 ? [] : [imageSource(context, images, given, home)]),
  ];
  return {
    path,
    inputs: async (arches) => {
      const wanted = new Map<Arch, LockInputs[]>();
      for (const source of sources)
        for (const arch of source.arch === undefined ? arches : [source.arch])
          wanted.set(arch, [...(wanted.get(arch) ?? []), await source.inputs(dirname(path), arch)]);
      return new Map([...wanted].map(([arch, all]) => [arch, mergeInputs(all)]));
    },
  };
};
