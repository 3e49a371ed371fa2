import { Arch, SlipwayError } from '@slipway/protocol';
import { ContainerSettings, CONFIG_LABEL, PackageSet, parseSpec } from '@slipway/image-spec';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { readPackageSet } from './debian/component.ts';
import type { Mirror } from './debian/host-sources.ts';
import type { OciConfig } from '@slipway/oci';
import { VERSION_LABEL } from '@slipway/oci';
import { writeOciLayout, type PlatformImage } from './oci-writer.ts';
import { ORIGINS_LABEL } from './origin.ts';
import { readFolder } from './read-folder.ts';
import type { Tree } from './tree.ts';

const strings = z.array(z.string());

/** `component.yml`: what goes into a component and how it starts. Its files stand beside it, in `files/`. */
export const ComponentFile = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]*$/, 'lower-case letters, digits and hyphens'),
  version: z.string().min(1),
  arch: z.array(Arch).min(1).default(['amd64', 'arm64']),
  packages: PackageSet.omit({ config: true }).optional(),
  config: z
    .strictObject({
      entrypoint: strings.optional(),
      cmd: strings.optional(),
      env: strings.optional(),
      cwd: z.string().optional(),
      user: z.string().optional(),
      labels: z.record(z.string(), z.string()).optional(),
    })
    .prefault({}),
  /** what the component asks of the device, in the words of an image file; image files override it */
  container: ContainerSettings.optional(),
});
export type ComponentFile = z.infer<typeof ComponentFile>;

export type PackOptions = {
  readonly cacheDir: string;
  /** absent: the version of the component */
  readonly tag?: string | undefined;
  readonly log?: ((line: string) => void) | undefined;
  readonly mirror?: Mirror | undefined;
};

/**
 * Packs a component's source folder (`component.yml`, `files/`) into an OCI layout for all its architectures.
 * `files/` keeps symlinks and the executable bit; everything in it belongs to root and has the time 0, so that the
 * same content gives the same digests.
 *
 * @throws {SlipwayError} COMPONENT_NOT_FOUND, SPEC_SYNTAX, SPEC_INVALID, PACKAGE_NOT_FOUND, PACKAGE_FETCH_FAILED
 */
export const packComponent = async (
  folder: string,
  layout: string,
  options: PackOptions,
): Promise<ComponentFile> => {
  const path = join(folder, 'component.yml');
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new SlipwayError(
      'COMPONENT_NOT_FOUND',
      `there is no component at ${folder}: component.yml is missing`,
      {
        cause: error,
        details: { path },
      },
    );
  });
  const file = parseSpec(text, path, ComponentFile);
  const files = await readFolder(join(folder, 'files'), `component:${file.name}`);
  const platforms: PlatformImage[] = [];
  for (const arch of file.arch) {
    const packages =
      file.packages === undefined
        ? undefined
        : await readPackageSet(`component:${file.name}`, file.packages, arch, options);
    const layers: Tree[] = [
      ...(packages === undefined ? [] : [packages.tree]),
      ...(files.size === 0 ? [] : [files]),
    ];
    const labels = {
      ...file.config.labels,
      [VERSION_LABEL]: file.version,
      ...(file.container === undefined ? {} : { [CONFIG_LABEL]: JSON.stringify(file.container) }),
      ...(packages === undefined ? {} : { [ORIGINS_LABEL]: JSON.stringify(packages.origins) }),
    };
    const config: OciConfig = {
      Entrypoint: file.config.entrypoint,
      Cmd: file.config.cmd,
      Env: file.config.env,
      WorkingDir: file.config.cwd,
      User: file.config.user,
      Labels: labels,
    };
    platforms.push({ arch, layers, config });
  }
  await writeOciLayout(layout, { tag: options.tag ?? file.version, platforms });
  return file;
};
