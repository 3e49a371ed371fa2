import type { Tree } from '@slipway/components';
import type { ImageFile } from '@slipway/image-spec';
import type { Arch, BuildRequest } from '@slipway/protocol';
import { addContainer } from './container-bundle.ts';
import { addImageFiles } from './image-files.ts';
import type { KernelModule, KernelModules } from './kernel-modules.ts';
import { mergeTrees } from './merge-trees.ts';
import type { Parts } from './parts.ts';
import { addRootModules } from './root-modules.ts';
import { addInit, addReleaseFiles, skeleton } from './system-files.ts';

export type RootInput = {
  readonly arch: Arch;
  readonly request: BuildRequest;
  readonly spec: ImageFile;
  readonly parts: Parts;
  readonly modules: KernelModules;
  /** by the initramfs, in every case */
  readonly loadedModules: readonly KernelModule[];
  readonly agentBundle: Uint8Array | undefined;
  readonly sourceDir: string;
};

/**
 * Puts the root of an image together: skeleton, system packages, `init` components, kernel modules, containers, init and
 * agent, `files`, and last what tells the release.
 *
 * @throws {SlipwayError} SPEC_INVALID, COMPONENT_INVALID
 */
export const makeRootTree = async (input: RootInput): Promise<Tree> => {
  const { arch, request, spec, parts } = input;
  const components = [...parts.system, ...parts.init];
  const tree = mergeTrees([skeleton(), ...components.map((component) => component.tree)]);
  const kernelSource = [...parts.kernel.tree.values()][0]?.source ?? parts.kernel.ref;
  await addRootModules(tree, input.modules, input.loadedModules, kernelSource);
  const shared = new Map<string, string>();
  for (const { section, index, container, component } of parts.containers)
    addContainer(tree, section, index, container, component, { arch, shared });
  addInit(tree, spec, input.agentBundle);
  await addImageFiles(tree, spec.files, input.sourceDir);
  addReleaseFiles(tree, request, arch, spec);
  return tree;
};
