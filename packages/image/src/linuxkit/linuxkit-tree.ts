import type { Component, Tree } from '@slipway/components';
import { numberUsers, type ImageFile } from '@slipway/image-spec';
import { SlipwayError } from '@slipway/protocol';
import { bundleEntries, SECTIONS } from './bundle.ts';
import { apkDatabase, initFiles, RESOLV_CONF } from './init-files.ts';
import { kernelFiles } from './kernel-files.ts';
import { putListedFiles } from './listed-files.ts';
import { createRoot } from './root-builder.ts';
import { volumeEntries } from './volumes.ts';

/** Components of an image file, in its order. */
export type LinuxKitComponents = {
  readonly kernel?: Component | undefined;
  readonly init: readonly Component[];
  /** of volumes without image: undefined; of `format: oci`, `tree` is an OCI layout, see `ociLayout` */
  readonly volumes: readonly (Component | undefined)[];
  readonly onboot: readonly Component[];
  readonly onshutdown: readonly Component[];
  readonly services: readonly Component[];
};

export type LinuxKitInput = {
  readonly spec: ImageFile;
  readonly components: LinuxKitComponents;
  /** what `source` of a file is relative to: the image repository or, as in LinuxKit, the working directory */
  readonly sourceDir: string;
  /** what `~/` of a `source` stands for; absent: it is refused */
  readonly home?: string | undefined;
  /** unpack a kernel that is compressed by gzip */
  readonly decompressKernel?: boolean | undefined;
};

const componentOf = (list: readonly (Component | undefined)[], index: number, where: string): Component => {
  const component = list[index];
  if (component !== undefined) return component;
  throw new SlipwayError('INTERNAL', `${where}: expected its component, found ${list.length} components`);
};

/**
 * The whole file tree of an image, in LinuxKit's layout: the same images give what LinuxKit's `tar` gives once it is
 * unpacked. Nothing is read that need not be understood: contents stay where they lie.
 *
 * In the order of LinuxKit, in which later things replace earlier ones: kernel, init, volumes, onboot, onshutdown,
 * services, files. What differs on purpose: each entry is there once and below its directories; a directory that becomes a
 * symlink takes its content along; `files` leaves directories that exist alone; names of volumes work in `mounts`; keys
 * that LinuxKit loses hold (see `containerSpec`).
 *
 * @throws {SlipwayError} SPEC_INVALID, SPEC_SYNTAX of a label, COMPONENT_INVALID, LAYER_UNSAFE of a kernel's tar
 */
export const linuxkitTree = async (input: LinuxKitInput): Promise<Tree> => {
  const { spec, components } = input;
  const users = numberUsers(spec);
  const root = createRoot();
  if (spec.kernel !== undefined && components.kernel !== undefined) {
    const options = { decompress: input.decompressKernel === true };
    root.putAll(kernelFiles(spec.kernel, components.kernel, options));
  }
  for (const [index, ref] of spec.init.entries())
    root.putAll(initFiles(ref, index, componentOf(components.init, index, `init[${index}]`)));
  root.putAll(apkDatabase(components.init));
  for (const [index, volume] of spec.volumes.entries()) {
    const isEmpty = volume.image === undefined || volume.image === '';
    const component = isEmpty ? undefined : componentOf(components.volumes, index, `volumes[${index}]`);
    root.putAll(volumeEntries(volume, index, component, RESOLV_CONF));
  }
  const context = { spec, users, roots: new Map<string, string>() };
  for (const section of SECTIONS)
    for (const [index, container] of spec[section].entries()) {
      const component = componentOf(components[section], index, `${section}[${index}]`);
      root.putAll(bundleEntries(section, index, container, component, context));
    }
  await putListedFiles(root, { spec, users, sourceDir: input.sourceDir, home: input.home });
  return root.tree;
};
