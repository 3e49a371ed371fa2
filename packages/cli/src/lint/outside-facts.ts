import { resolve } from 'node:path';
import { readFile } from 'node:fs/promises';
import { messageOf, SlipwayError, type Arch, type Digest } from '@slipway/protocol';
import { formatReference, parseReference, type ImageFile } from '@slipway/image-spec';
import { parseKernelConfig, type ImageFacts, type KernelConfig } from '@slipway/image-spec/lint';
import type { DebPackage } from '@slipway/components';
import type { Context } from '../context.ts';

/** What a check needs to know that does not stand in the files. */
export type OutsideFacts = {
  readonly factsOf: (ref: string) => Promise<ImageFacts | undefined>;
  /** absent: the kernel is not looked at; within it undefined: it has no configuration */
  readonly kernel?: { readonly arch: Arch; readonly config: KernelConfig | undefined } | undefined;
};

export type OutsideOptions = {
  readonly arch: Arch;
  readonly spec: ImageFile;
  readonly baseDir: string;
  readonly cacheDir: string;
  readonly offline: boolean;
  /** whether anything but the files is looked at */
  readonly images: boolean;
  readonly kernel: boolean;
  /** a file with the kernel's configuration, instead of that in its component */
  readonly kernelConfig?: string | undefined;
  readonly lockedImages?: ReadonlyMap<string, Digest> | undefined;
  readonly lockedPackages?: ReadonlyMap<string, readonly DebPackage[]> | undefined;
};

/** Debian's kernels bring `boot/config-6.12.…`, those of LinuxKit one of the others. */
const CONFIG = /^(?:boot\/config-[^/]+|kernel_config|kernel\.config|config)$/;

const readKernelConfig = async (
  context: Context,
  options: OutsideOptions,
): Promise<KernelConfig | undefined> => {
  const { spec, kernelConfig } = options;
  if (kernelConfig !== undefined) {
    const text = await readFile(resolve(context.cwd, kernelConfig), 'utf8').catch((cause: unknown) => {
      throw new SlipwayError('NOT_FOUND', `${kernelConfig} cannot be read: ${messageOf(cause)}`, { cause });
    });
    return parseKernelConfig(text);
  }
  if (spec.kernel === undefined) return undefined;
  const { readContent, resolveComponent } = await import('@slipway/components');
  const { tree } = await resolveComponent(spec.kernel.image, { ...options, signal: context.signal });
  const found = [...tree.values()].find(({ path, type }) => type === 'file' && CONFIG.test(path));
  return found?.type === 'file'
    ? parseKernelConfig(Buffer.from(readContent(found.content)).toString())
    : undefined;
};

/** Configurations of images, each read once; of their layers nothing is. */
const imageFacts = async (
  context: Context,
  { arch, baseDir, cacheDir, offline, lockedImages }: OutsideOptions,
): Promise<OutsideFacts['factsOf']> => {
  const { openImage } = await import('@slipway/oci');
  const known = new Map<string, Promise<ImageFacts | undefined>>();
  const read = async (ref: string): Promise<ImageFacts | undefined> => {
    const location = parseReference(ref);
    // What a Dockerfile gives is not known without running it.
    if (location.type === 'deb' || location.type === 'dockerfile') return undefined;
    const digest = lockedImages?.get(formatReference(location));
    const image = await openImage(location, {
      arch,
      baseDir,
      cacheDir,
      offline,
      digest,
      signal: context.signal,
    });
    return image.config.config ?? undefined;
  };
  return (ref) => {
    const facts = known.get(ref) ?? read(ref);
    known.set(ref, facts);
    return facts;
  };
};

/** @throws {SlipwayError} of images and of the kernel's component */
export const outsideFacts = async (context: Context, options: OutsideOptions): Promise<OutsideFacts> => {
  const { arch } = options;
  const factsOf = options.images ? await imageFacts(context, options) : () => Promise.resolve(undefined);
  const isRead = options.kernelConfig !== undefined || (options.images && options.kernel);
  return {
    factsOf,
    ...(isRead && options.spec.kernel !== undefined
      ? { kernel: { arch, config: await readKernelConfig(context, options) } }
      : {}),
  };
};
