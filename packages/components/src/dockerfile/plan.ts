import { Digest, messageOf, SlipwayError } from '@slipway/protocol';
import { parseReference, type DockerfileBuild } from '@slipway/image-spec';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join, resolve as resolvePath } from 'node:path';
import type { Arch } from '@slipway/protocol';
import { baseReferences, type BaseImage } from './base-images.ts';
import type { BuildContext } from './context.ts';
import { parseDockerfile, type Dockerfile } from './parse-dockerfile.ts';

type Declared = Readonly<Record<string, DockerfileBuild>>;

/** A Dockerfile as it is on disk. */
export type ReadDockerfile = {
  /** absolute */
  readonly folder: string;
  /** within the folder */
  readonly path: string;
  readonly text: string;
  readonly dockerfile: Dockerfile;
};

/** @throws {SlipwayError} COMPONENT_NOT_FOUND, DOCKERFILE_INVALID */
export const readDockerfile = async (
  ref: string,
  build: DockerfileBuild,
  { arch, baseDir }: { readonly arch: Arch; readonly baseDir: string },
): Promise<ReadDockerfile> => {
  const folder = resolvePath(baseDir, build.context);
  const path = build.dockerfile ?? 'Dockerfile';
  const file = join(build.context, path);
  const text = await readFile(join(folder, path), 'utf8').catch((cause: unknown) => {
    throw new SlipwayError(
      'COMPONENT_NOT_FOUND',
      `${ref}: there is no Dockerfile ${file} (${messageOf(cause)}); add it, or name it by dockerfile in the image file`,
      { cause, details: { component: ref, path: join(folder, path) } },
    );
  });
  return { folder, path, text, dockerfile: parseDockerfile(text, { file, arch, args: build.args ?? {} }) };
};

/** @throws {SlipwayError} SPEC_INVALID: it was checked when the image file was read, so this is a fault of the caller */
export const declaredBuild = (name: string, dockerfiles: Declared | undefined): DockerfileBuild => {
  const build = dockerfiles?.[name];
  if (build === undefined)
    throw new SlipwayError('SPEC_INVALID', `dockerfiles has no ${JSON.stringify(name)}; declare it`, {
      details: { component: `dockerfile:${name}` },
    });
  return build;
};

/**
 * References of the images and package sets that the Dockerfiles among some references build upon: what a lock has to
 * say beside the image file itself. Nothing is built.
 *
 * @throws {SlipwayError} COMPONENT_NOT_FOUND, DOCKERFILE_INVALID
 */
export const dockerfileReferences = async (
  references: readonly string[],
  dockerfiles: Declared,
  where: { readonly arch: Arch; readonly baseDir: string },
): Promise<string[]> => {
  const found = new Set<string>();
  const seen = new Set<string>();
  const visit = async (ref: string): Promise<void> => {
    const reference = parseReference(ref);
    if (reference.type !== 'dockerfile' || seen.has(ref)) return;
    seen.add(ref);
    const build = declaredBuild(reference.name, dockerfiles);
    const { dockerfile } = await readDockerfile(ref, build, where);
    for (const base of baseReferences(dockerfile, build)) {
      if (parseReference(base.ref).type !== 'dockerfile') found.add(base.ref);
      await visit(base.ref);
    }
  };
  for (const ref of references) await visit(ref);
  return [...found];
};

/** Raised where the same inputs give another image than before. */
const KEY_VERSION = 1;

export const textDigest = (text: string): Digest =>
  Digest.parse(`sha256:${createHash('sha256').update(text).digest('hex')}`);

/** What decides what an engine makes; hex digits. Programs that ask the network or the clock do not count. */
export const cacheKey = (input: {
  readonly arch: Arch;
  readonly engine: string;
  readonly build: DockerfileBuild;
  readonly text: string;
  readonly context: Pick<BuildContext, 'digest'>;
  readonly bases: readonly Pick<BaseImage, 'name' | 'digests'>[];
}): string => {
  const { arch, engine, build, text, context, bases } = input;
  const inOrder = <T>(entries: readonly (readonly [string, T])[]): (readonly [string, T])[] =>
    [...entries].sort(([a], [b]) => (a < b ? -1 : 1));
  const facts = [
    KEY_VERSION,
    arch,
    engine,
    text,
    build.target ?? null,
    build.network ?? 'host',
    inOrder(Object.entries(build.args ?? {})),
    context.digest,
    inOrder(
      bases.map(({ name, digests }) => [
        name,
        inOrder(digests.map((one) => [one.arch, one.digest] as const)),
      ]),
    ),
  ];
  return createHash('sha256').update(JSON.stringify(facts)).digest('hex');
};
