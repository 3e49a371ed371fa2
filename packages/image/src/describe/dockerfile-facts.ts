import { dockerfileReferences, type Component } from '@slipway/components';
import type { ImageFile } from '@slipway/image-spec';
import type { Arch } from '@slipway/protocol';
import type { BuildInput } from '@slipway/sbom';
import { referencesOf } from '../local-components.ts';

/**
 * References of what the Dockerfiles of an image build upon, for its lock.
 *
 * @throws {SlipwayError} COMPONENT_NOT_FOUND, DOCKERFILE_INVALID
 */
export const dockerfileBases = (
  spec: Pick<ImageFile, 'kernel' | 'init' | 'volumes' | 'onboot' | 'onshutdown' | 'services' | 'dockerfiles'>,
  where: { readonly arch: Arch; readonly baseDir: string },
): Promise<string[]> => {
  const volumes = spec.volumes.flatMap(({ image }) => (image === undefined || image === '' ? [] : [image]));
  return dockerfileReferences([...referencesOf(spec), ...volumes], spec.dockerfiles, where);
};

const made = (components: readonly Component[]) =>
  [...new Map(components.map((one) => [one.ref, one])).values()].flatMap(({ ref, dockerfile }) =>
    dockerfile === undefined ? [] : [{ ref, facts: dockerfile }],
  );

/** What of a provenance says that code of components ran; nothing where none did. */
export const dockerfileParameters = (components: readonly Component[]): Record<string, unknown> => {
  const builds = made(components).map(({ ref, facts }) => ({
    component: ref,
    engine: facts.engine,
    isolation: facts.isolation,
    network: facts.network,
    args: facts.args,
    ...(facts.target === undefined ? {} : { target: facts.target }),
  }));
  return builds.length === 0 ? {} : { dockerfileBuilds: builds };
};

/** Dockerfiles, their folders and base images, as inputs of a provenance. */
export const dockerfileInputs = (components: readonly Component[]): BuildInput[] =>
  made(components).flatMap(({ facts: { dockerfile, context, bases } }) => [
    dockerfile,
    context,
    ...bases.map(({ ref, digest }) => ({ name: ref, digest })),
  ]);
