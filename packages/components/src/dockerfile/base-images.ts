import { Digest, SlipwayError, type Arch } from '@slipway/protocol';
import { formatReference, parseReference, type DockerfileBuild } from '@slipway/image-spec';
import { openImage } from '@slipway/oci';
import { createHash } from 'node:crypto';
import type { Component, ResolveOptions } from '../component.ts';
import type { BaseSource } from './base-layout.ts';
import { imagesOf, type Dockerfile } from './parse-dockerfile.ts';

/** An image that a Dockerfile builds upon. */
export type BaseImage = {
  /** as the Dockerfile has it */
  readonly name: string;
  /** canonical */
  readonly ref: string;
  readonly sources: readonly BaseSource[];
  /** of each platform: of the manifest, or of the packages */
  readonly digests: readonly { readonly arch: Arch; readonly digest: Digest }[];
};

export type Resolve = (ref: string, options: ResolveOptions) => Promise<Component>;

/** What stands for the name of an image, by `contexts` or by itself. */
const referenceOf = (name: string, line: number, file: string, build: DockerfileBuild): string => {
  const given = build.contexts?.[name];
  if (given !== undefined) return given;
  if (parseReference(name).type === 'registry') return name;
  throw new SlipwayError(
    'DOCKERFILE_INVALID',
    `${file}:${line}: expected the image of a registry, or a name that contexts in the image file explains, found ${name}`,
    { details: { file, line } },
  );
};

const refuseStages = ({ stages, file }: Dockerfile, { contexts = {} }: DockerfileBuild): void => {
  for (const { name } of stages)
    if (name !== undefined && Object.hasOwn(contexts, name))
      throw new SlipwayError(
        'DOCKERFILE_INVALID',
        `${file}: ${name} is a stage, and a name under contexts; give one of them another name`,
        { details: { file } },
      );
};

/** References of all images that a Dockerfile builds upon, by the names that it has for them. */
export const baseReferences = (
  dockerfile: Dockerfile,
  build: DockerfileBuild,
): { readonly name: string; readonly ref: string; readonly arch: Arch }[] => {
  refuseStages(dockerfile, build);
  return imagesOf(dockerfile, build.target).map(({ name, arch, line }) => ({
    name,
    arch,
    ref: referenceOf(name, line, dockerfile.file, build),
  }));
};

/** Of packages: what they are, and what of them is taken. */
const digestOfPackages = ({ origins, tree }: Component): Digest => {
  const hash = createHash('sha256');
  for (const { purl, digest } of origins) hash.update(`${purl} ${digest}\n`);
  for (const { path, type, mode } of tree.values()) hash.update(`${type} ${mode} ${path}\n`);
  return Digest.parse(`sha256:${hash.digest('hex')}`);
};

const readBase = async (
  ref: string,
  arch: Arch,
  options: ResolveOptions,
  resolve: Resolve,
): Promise<{ readonly source: BaseSource; readonly digest: Digest }> => {
  const reference = parseReference(ref);
  if (reference.type === 'deb') {
    const component = await resolve(ref, { ...options, arch });
    return { source: { arch, component }, digest: digestOfPackages(component) };
  }
  if (reference.type === 'dockerfile') {
    const component = await resolve(ref, { ...options, arch });
    const folder = component.dockerfile?.layout ?? '';
    const location = { type: 'oci', path: folder, tag: undefined, digest: undefined } as const;
    const image = await openImage(location, { ...options, arch });
    return { source: { arch, image }, digest: image.digest };
  }
  const canonical = formatReference(reference);
  const locked =
    arch === options.arch
      ? options.lockedImages?.get(canonical)
      : options.lockedPlatforms?.get(canonical)?.[arch];
  const image = await openImage(reference, { ...options, arch, digest: locked });
  return { source: { arch, image }, digest: image.digest };
};

/**
 * Opens every image that a Dockerfile builds upon; registries are asked here and never by the engine.
 *
 * @throws {SlipwayError} DOCKERFILE_INVALID, and as `resolveComponent`
 */
export const openBases = async (
  dockerfile: Dockerfile,
  build: DockerfileBuild,
  options: ResolveOptions,
  resolve: Resolve,
): Promise<BaseImage[]> => {
  const bases = new Map<string, BaseImage>();
  for (const { name, ref, arch } of baseReferences(dockerfile, build)) {
    const { source, digest } = await readBase(ref, arch, options, resolve);
    const known = bases.get(name);
    bases.set(name, {
      name,
      ref: formatReference(parseReference(ref)),
      sources: [...(known?.sources ?? []), source],
      digests: [...(known?.digests ?? []), { arch, digest }],
    });
  }
  return [...bases.values()];
};
