import { usingCache } from '@slipway/components/cache';
import type { Component, ResolveOptions, Tree } from '@slipway/components';
import type { ImageFile } from '@slipway/image-spec';
import { explainStorage, SlipwayError, type Arch, type JobProgress } from '@slipway/protocol';
import { describeBuild, type DescribeOptions, type DescriptionFile } from './describe/describe-build.ts';
import { resolveEfiPrograms } from './efi-programs.ts';
import { linuxkitTree } from './linuxkit/linuxkit-tree.ts';
import { listComponents, resolveSpec, type SpecComponents } from './local-components.ts';
import type { Format } from './outputs/format-names.ts';
import { writeFormat, type OutputFile } from './outputs/formats.ts';
import type { DiskSizes } from './outputs/output.ts';
import { createStaging } from './outputs/staging.ts';

export type LocalBuildOptions = Pick<
  ResolveOptions,
  | 'lockedImages'
  | 'lockedPlatforms'
  | 'lockedPackages'
  | 'offline'
  | 'pull'
  | 'registries'
  | 'signal'
  | 'mirror'
  | 'dockerfileBuilds'
> & {
  readonly spec: ImageFile;
  readonly arch: Arch;
  readonly formats: readonly Format[];
  /** of the outputs, without suffix */
  readonly name: string;
  readonly outDir: string;
  /** what paths of layouts and archives are relative to */
  readonly baseDir: string;
  /** what `source` of `files` is relative to */
  readonly sourceDir: string;
  /** what `~/` of a `source` stands for; absent: it is refused */
  readonly home?: string | undefined;
  /** of the formats that are disks */
  readonly sizes?: DiskSizes | undefined;
  /** unpack a kernel that is compressed by gzip */
  readonly decompressKernel?: boolean | undefined;
  /** layers, packages and compressed segments; may be shared by any number of processes */
  readonly cacheDir: string;
  /** whether outputs are hashed while they are written; descriptions need it; default true */
  readonly digests?: boolean | undefined;
  /** absent: nothing but the outputs */
  readonly describe?: DescribeOptions | undefined;
  readonly log: (line: string) => void;
  readonly progress: (progress: JobProgress) => void;
};

export type LocalBuildResult = {
  readonly name: string;
  readonly arch: Arch;
  readonly files: readonly (OutputFile | DescriptionFile)[];
  /** every reference with the digest it stood for; absent for packages */
  readonly components: readonly { readonly ref: string; readonly digest: string | undefined }[];
};

const distinct = (components: SpecComponents) => {
  const { kernel, init, volumes, onboot, onshutdown, services } = components;
  const all = [kernel, ...init, ...volumes, ...onboot, ...onshutdown, ...services];
  return [...new Map(all.flatMap((one) => (one === undefined ? [] : [[one.ref, one.digest] as const])))].map(
    ([ref, digest]) => ({ ref, digest }),
  );
};

/**
 * Builds an image as LinuxKit does: the image file's components become one tree, which is written in every format
 * asked for. All outputs appear together at the end, or none. The same components give the same bytes.
 *
 * @throws {SlipwayError} of components and of the specification, OUTPUT_UNSUPPORTED, BUILD_FAILED, DISK_FULL,
 *   NOT_WRITABLE
 */
export const buildLocal = async (options: LocalBuildOptions): Promise<LocalBuildResult> => {
  try {
    return await usingCache(options.cacheDir, () => buildAll(options));
  } catch (error) {
    throw explainStorage(error, [options.outDir, options.cacheDir]);
  }
};

const buildAll = async (options: LocalBuildOptions): Promise<LocalBuildResult> => {
  const { spec, arch, formats, name, outDir, baseDir, sourceDir, cacheDir, log, progress } = options;
  if (name === '' || name.includes('/') || name.startsWith('.'))
    throw new SlipwayError(
      'USAGE',
      `expected a name for the outputs without / and leading dot, found ${name}`,
    );
  // Descriptions name their outputs by digest.
  const { describe } = options;
  const isDescribed = describe !== undefined && (describe.sbom.length > 0 || describe.provenance);
  const digests = isDescribed || options.digests !== false;
  progress({ step: 'resolving components', percent: 0 });
  let percent = 0;
  const fetched = (ref: string, done: number, total: number): void =>
    progress({ step: `fetching ${ref}`, percent, bytes: { done, total } });
  const stepped = (ref: string, step: string): void => progress({ step: `${ref}: ${step}`, percent });
  const resolving = { ...options, baseDir, deviceNodes: new Set(spec.deviceNodes), fetched, stepped };
  const components = await resolveSpec(spec, resolving, (ref, done, all) => {
    log(`component ${ref}`);
    percent = Math.round((done / all) * 50);
    progress({ step: `resolved ${done} of ${all} components`, percent });
  });
  options.signal?.throwIfAborted();
  for (const { name: container } of [...spec.onboot, ...spec.onshutdown, ...spec.services].filter(
    ({ landlock }) => landlock !== undefined,
  ))
    log(`${container}: LinuxKit has no landlock, so that its rules hold in device classes alone`);
  progress({ step: 'assembling the tree', percent: 50 });
  const tree = await linuxkitTree({
    spec,
    sourceDir,
    components,
    home: options.home,
    decompressKernel: options.decompressKernel,
  });
  log(`tree: ${tree.size} entries`);
  const beside: Component[] = [];
  const efiPrograms = async (): Promise<Tree> => {
    if (beside.length === 0) beside.push(await resolveEfiPrograms(spec, resolving));
    return beside[0]?.tree ?? new Map();
  };
  const input = { tree, arch, name, cacheDir, digests, efiPrograms, sizes: options.sizes };
  const staging = await createStaging(outDir);
  try {
    const files: OutputFile[] = [];
    for (const [index, format] of formats.entries()) {
      options.signal?.throwIfAborted();
      progress({ step: `writing ${format}`, percent: 55 + Math.round((index / formats.length) * 40) });
      files.push(...(await writeFormat(format, { ...input, staging })));
    }
    const described: DescriptionFile[] = [];
    if (options.describe !== undefined) {
      progress({ step: 'describing what is inside', percent: 95 });
      described.push(
        ...(await describeBuild({
          ...options.describe,
          name,
          arch,
          spec,
          decompressKernel: options.decompressKernel === true,
          tree,
          files,
          cacheDir,
          staging,
          log,
          components: [...listComponents(components), ...beside],
        })),
      );
    }
    await staging.commit();
    progress({ step: 'done', percent: 100 });
    return { name, arch, files: [...files, ...described], components: distinct(components) };
  } finally {
    await staging.discard();
  }
};
