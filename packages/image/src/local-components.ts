import { resolveComponent, sideBySide, type Component, type ResolveOptions } from '@slipway/components';
import { loadRegistries, type Registries } from '@slipway/oci';
import { parseReference, type ImageFile, type Volume } from '@slipway/image-spec';
import { availableParallelism } from 'node:os';
import { layoutComponent } from './linuxkit/layout-component.ts';

/** Every component that an image file names, section by section, in its order. */
export type SpecComponents = {
  readonly kernel: Component | undefined;
  readonly init: readonly Component[];
  /** undefined: a volume that starts empty */
  readonly volumes: readonly (Component | undefined)[];
  readonly onboot: readonly Component[];
  readonly onshutdown: readonly Component[];
  readonly services: readonly Component[];
};

/** An empty volume has no image, and one of `format: oci` holds the image as it is. */
const isUnpacked = ({ image, format }: Volume): boolean =>
  image !== undefined && image !== '' && format !== 'oci';

export const listComponents = (components: SpecComponents): Component[] => {
  const { kernel, init, volumes, onboot, onshutdown, services } = components;
  return [kernel, ...init, ...volumes, ...onboot, ...onshutdown, ...services].filter(
    (one) => one !== undefined,
  );
};

/** Every reference of an image file once, in the order of its sections. */
export const referencesOf = (
  spec: Pick<ImageFile, 'kernel' | 'init' | 'volumes' | 'onboot' | 'onshutdown' | 'services'>,
): string[] => [
  ...new Set([
    ...(spec.kernel === undefined ? [] : [spec.kernel.image]),
    ...spec.init,
    ...spec.volumes.flatMap((volume) => (isUnpacked(volume) ? [volume.image ?? ''] : [])),
    ...[...spec.onboot, ...spec.onshutdown, ...spec.services].map(({ image }) => image),
  ]),
];

/** One set of connections and tokens for all images of a build; undefined if none is in a registry. */
export const registriesFor = async (
  spec: Parameters<typeof referencesOf>[0],
  baseDir: string,
): Promise<Registries | undefined> => {
  const volumes = spec.volumes.flatMap(({ image }) => (image === undefined || image === '' ? [] : [image]));
  return [...referencesOf(spec), ...volumes].some((ref) => parseReference(ref).type === 'registry')
    ? await loadRegistries({ baseDir })
    : undefined;
};

/**
 * Resolves the components of an image file, several at once; each reference is read once.
 *
 * @param onResolved called after each, with how many there are and how many are done
 * @throws {SlipwayError} as `resolveComponent` does; the first failure ends it
 */
export const resolveSpec = async (
  spec: ImageFile,
  options: Omit<ResolveOptions, 'spec'>,
  onResolved: (ref: string, done: number, all: number) => void,
): Promise<SpecComponents> => {
  const references = referencesOf(spec);
  const registries = options.registries ?? (await registriesFor(spec, options.baseDir));
  const parallel = Math.min(4, availableParallelism());
  const resolved = new Map<string, Component>();
  await sideBySide(references, parallel, async (ref) => {
    options.signal?.throwIfAborted();
    resolved.set(ref, await resolveComponent(ref, { ...options, registries, spec }));
    onResolved(ref, resolved.size, references.length);
  });
  const get = (ref: string): Component => {
    const component = resolved.get(ref);
    if (component === undefined) throw new Error(`${ref} was not resolved`);
    return component;
  };
  const all = (items: readonly { readonly image: string }[]): Component[] =>
    items.map(({ image }) => get(image));
  const volumes = await sideBySide(spec.volumes, parallel, async (volume) =>
    volume.format === 'oci' && volume.image !== undefined && volume.image !== ''
      ? layoutComponent(volume, { ...options, registries, spec })
      : isUnpacked(volume)
        ? get(volume.image ?? '')
        : undefined,
  );
  return {
    kernel: spec.kernel === undefined ? undefined : get(spec.kernel.image),
    init: spec.init.map(get),
    volumes,
    onboot: all(spec.onboot),
    onshutdown: all(spec.onshutdown),
    services: all(spec.services),
  };
};
