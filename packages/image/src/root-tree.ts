import type { Content, Tree } from '@slipway/components';
import { numberUsers, type ImageFile } from '@slipway/image-spec';
import type { Arch, BootLoader, BuildRequest } from '@slipway/protocol';
import { addContainer } from './container-bundle.ts';
import { isReadOnly } from './container-config.ts';
import { earlyProgram } from './early-program.ts';
import { addImageFiles } from './image-files.ts';
import { LANDLOCK_PROGRAM } from './landlock.ts';
import type { KernelModule, KernelModules } from './kernel-modules.ts';
import { mergeTrees } from './merge-trees.ts';
import type { Parts } from './parts.ts';
import { fileAt } from './resolve-path.ts';
import { addRootModules } from './root-modules.ts';
import { NOTICES_PATH } from '@slipway/sbom';
import { shareFiles } from './share-files.ts';
import { putFile } from './tree-edit.ts';
import { refuseUnsupported } from './unsupported.ts';
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
  /** kernel modules of the class that the initramfs does not load */
  readonly drivers: readonly string[];
  /** absent: systemd-boot */
  readonly bootLoader?: BootLoader;
  readonly sourceDir: string;
  /** third-party notices: texts of licences, and whose sources are on offer */
  readonly notices: string;
  /** absent: each file is read */
  readonly digestOf?: (content: Content) => string;
};

/** Files written at start are known by name; the rest is in the tree or listed under `files`. */
const fileTest = (tree: Tree, spec: ImageFile) => {
  const listed = new Map(
    spec.files.map((file) => [`/${file.path.replace(/^\/+/, '')}`, file.directory !== true]),
  );
  return (path: string): boolean =>
    listed.get(path) ?? (path.endsWith('/resolv.conf') || fileAt(tree, path) !== undefined);
};

/** A container that may write needs a layer over its files. */
const startModules = ({ containers }: Parts, drivers: readonly string[]): string[] => [
  ...drivers,
  ...(containers.every(({ container }) => isReadOnly(container)) ? [] : ['overlay']),
];

/**
 * Puts the root of an image together: skeleton, system packages, `init` components, kernel modules, containers, init and
 * agent, `files`, and last what tells the release.
 *
 * @throws {SlipwayError} SPEC_INVALID, COMPONENT_INVALID
 */
export const makeRootTree = async (input: RootInput): Promise<Tree> => {
  const { arch, request, spec, parts } = input;
  refuseUnsupported(
    spec,
    parts.containers.map(({ container }) => container),
  );
  const components = [...parts.system, ...parts.init];
  const tree = mergeTrees([skeleton(), ...components.map((component) => component.tree)]);
  const kernelSource = [...parts.kernel.tree.values()][0]?.source ?? parts.kernel.ref;
  const names = { atStart: startModules(parts, input.drivers), spare: spec.modules };
  await addRootModules(tree, input.modules, names, input.loadedModules, kernelSource);
  if (parts.containers.some(({ container }) => container.landlock !== undefined))
    putFile(tree, LANDLOCK_PROGRAM, earlyProgram('landlock', arch), { mode: 0o755 });
  const context = {
    arch,
    shared: new Map<string, string>(),
    isFile: fileTest(tree, spec),
    users: numberUsers(spec),
  };
  for (const { section, index, container, component } of parts.containers)
    addContainer(tree, section, index, container, component, context);
  addInit(tree, spec, input.agentBundle);
  if (input.bootLoader === 'tryboot')
    putFile(tree, 'usr/lib/slipway/restart', earlyProgram('restart', arch), { mode: 0o755 });
  await addImageFiles(tree, spec, input.sourceDir);
  putFile(tree, NOTICES_PATH, input.notices);
  addReleaseFiles(tree, request, arch, spec, input.bootLoader);
  shareFiles(tree, input.digestOf);
  return tree;
};
