import { registriesFor } from './local-components.ts';
import {
  cancellationSignal,
  nodeRuntime,
  resolveComponent,
  type Component,
  type ResolveOptions,
} from '@slipway/components';
import {
  CONFIG_LABEL,
  mergeContainer,
  parseReference,
  requireKernel,
  type Container,
  type ImageFile,
} from '@slipway/image-spec';
import type { Arch } from '@slipway/protocol';
import type { SharedWork } from './shared-work.ts';
import type { Section } from './container-bundle.ts';
import { needsNode, systemPackages } from './system-packages.ts';
import { systemPrograms } from './system-programs.ts';

export type ContainerPart = {
  readonly section: Section;
  readonly index: number;
  readonly container: Container;
  readonly component: Component;
};

/** Every component of an image, resolved. */
export type Parts = {
  readonly kernel: Component;
  /** what starts the machine and never reaches the root: boot loader and stub */
  readonly boot: Component;
  /** the base of the root: busybox, crun, what the agent calls, and what it runs on */
  readonly system: readonly Component[];
  readonly init: readonly Component[];
  readonly containers: readonly ContainerPart[];
};

export type ResolveParts = Pick<
  ResolveOptions,
  | 'lockedImages'
  | 'lockedPlatforms'
  | 'lockedPackages'
  | 'offline'
  | 'dockerfileBuilds'
  | 'stepped'
  | 'fetched'
> & {
  readonly arch: Arch;
  readonly spec: ImageFile;
  readonly sourceDir: string;
  readonly cacheDir: string;
  readonly log: (line: string) => void;
  /** what builds of other classes resolve, too */
  readonly shared: SharedWork;
};

/** All that a component of this run depends on; the rest of the options is the same for every class. */
const keyOf = (ref: string, arch: Arch, spec: ImageFile, packages: ImageFile['packages']): string => {
  const reference = parseReference(ref);
  const { type } = reference;
  if (type === 'deb') return JSON.stringify([arch, ref, packages[reference.name]]);
  // A Dockerfile may build upon package sets and upon others.
  const made = type === 'dockerfile' ? [spec.dockerfiles, packages] : null;
  return JSON.stringify([arch, ref, made, [...spec.deviceNodes].sort()]);
};

/** @throws {SlipwayError} as `resolveComponent` does */
export const resolveParts = async ({
  arch,
  spec,
  sourceDir,
  cacheDir,
  log,
  shared,
  ...locked
}: ResolveParts): Promise<Parts> => {
  const packages = systemPackages(spec);
  const options = {
    ...locked,
    arch,
    spec: { packages: { ...spec.packages, ...packages }, dockerfiles: spec.dockerfiles },
    baseDir: sourceDir,
    cacheDir,
    log,
    signal: cancellationSignal(),
    deviceNodes: new Set(spec.deviceNodes),
    registries: await registriesFor(spec, sourceDir),
  };
  const resolve = (ref: string): Promise<Component> =>
    shared.component(keyOf(ref, arch, spec, options.spec.packages), () => resolveComponent(ref, options));
  const containers: ContainerPart[] = [];
  for (const section of ['onboot', 'onshutdown', 'services'] as const)
    for (const [index, own] of spec[section].entries()) {
      const component = await resolve(own.image);
      const container = mergeContainer(own, component.config.Labels?.[CONFIG_LABEL]);
      containers.push({ section, index, container, component });
    }
  const init: Component[] = [];
  for (const ref of spec.init) init.push(await resolve(ref));
  return {
    kernel: await resolve(requireKernel(spec, 'image file').image),
    boot: await resolve('deb:slipway-loader'),
    system: [
      await shared.component(JSON.stringify([arch, 'system', spec.agent, packages]), async () =>
        systemPrograms(
          [
            await resolve('deb:slipway-system'),
            ...(needsNode(spec) ? [await nodeRuntime(arch, { cacheDir, log })] : []),
          ],
          spec,
          arch,
        ),
      ),
    ],
    init,
    containers,
  };
};
