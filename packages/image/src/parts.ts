import { registriesFor } from './local-components.ts';
import { nodeRuntime, resolveComponent, type Component, type ResolveOptions } from '@slipway/components';
import {
  CONFIG_LABEL,
  mergeContainer,
  requireKernel,
  type Container,
  type ImageFile,
} from '@slipway/image-spec';
import type { Arch } from '@slipway/protocol';
import type { Section } from './container-bundle.ts';
import { mergeTrees } from './merge-trees.ts';
import { systemPackages } from './system-packages.ts';

export type ContainerPart = {
  readonly section: Section;
  readonly index: number;
  readonly container: Container;
  readonly component: Component;
};

/** Every component of an image, resolved. */
export type Parts = {
  readonly kernel: Component;
  /** what starts the machine and never reaches the root: boot loader, stub, dmsetup for the initramfs */
  readonly boot: Component;
  /** the base of the root: busybox, crun, what the agent calls, and Node if there is an agent */
  readonly system: readonly Component[];
  readonly init: readonly Component[];
  readonly containers: readonly ContainerPart[];
};

export type ResolveParts = Pick<ResolveOptions, 'lockedImages' | 'lockedPackages' | 'offline'> & {
  readonly arch: Arch;
  readonly spec: ImageFile;
  readonly sourceDir: string;
  readonly cacheDir: string;
  readonly log: (line: string) => void;
};

/** @throws {SlipwayError} as `resolveComponent` does */
export const resolveParts = async ({
  arch,
  spec,
  sourceDir,
  cacheDir,
  log,
  ...locked
}: ResolveParts): Promise<Parts> => {
  const resolved = new Map<string, Component>();
  const packages = systemPackages(spec);
  const options = {
    ...locked,
    arch,
    spec: { packages: { ...spec.packages, ...packages } },
    baseDir: sourceDir,
    cacheDir,
    log,
    deviceNodes: new Set(spec.deviceNodes),
    registries: await registriesFor(spec, sourceDir),
  };
  const resolve = async (ref: string): Promise<Component> => {
    const known = resolved.get(ref) ?? (await resolveComponent(ref, options));
    resolved.set(ref, known);
    return known;
  };
  const containers: ContainerPart[] = [];
  for (const section of ['onboot', 'onshutdown', 'services'] as const)
    for (const [index, own] of spec[section].entries()) {
      const component = await resolve(own.image);
      const container = mergeContainer(own, component.config.Labels?.[CONFIG_LABEL]);
      containers.push({ section, index, container, component });
    }
  const loader = await resolve('deb:slipway-loader');
  const tools = await resolve('deb:slipway-boot');
  const init: Component[] = [];
  for (const ref of spec.init) init.push(await resolve(ref));
  return {
    kernel: await resolve(requireKernel(spec, 'image file').image),
    boot: {
      ...tools,
      tree: mergeTrees([tools.tree, loader.tree]),
      origins: [...tools.origins, ...loader.origins],
    },
    system: [
      await resolve('deb:slipway-system'),
      ...(spec.agent.enabled ? [await nodeRuntime(arch, { cacheDir, log })] : []),
    ],
    init,
    containers,
  };
};
