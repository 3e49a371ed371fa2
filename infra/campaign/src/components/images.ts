import { copyFile, cp, mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildImage } from '@slipway/image';
import { parseClassFile, parseImageFiles, type Container, type ImageFile } from '@slipway/image-spec';
import { BuildRequest, Digest, type WholeChainArch } from '@slipway/protocol';
import { probeFor } from './build-probe.ts';
import { deviceMore, hubMore, type Tunnel } from './image-files.ts';

const REPOSITORY = join(import.meta.dirname, '..', '..', '..', 'components');
const CLASSES = { amd64: 'classes/gateway-x86.yml', arm64: 'classes/gateway-arm64.yml' } as const;
/** What the other end of the tunnel is made of. */
const OF_HUB = ['base.yml', 'wireguard.yml', 'dhcp.yml', 'chrony.yml'];

export type ImagesOptions = {
  readonly arch: WholeChainArch;
  /** everything is made here */
  readonly folder: string;
  readonly cacheDir: string;
  readonly tunnel: Tunnel;
};

/** What a container does first is to try what it must not. */
const probed = (entry: Container, packages: ImageFile['packages']): Container => ({
  ...entry,
  command: [
    '/probe',
    ...(entry.command ?? packages[entry.image.replace('deb:', '')]?.config?.entrypoint ?? []),
  ],
  binds: [...(entry.binds ?? []), '/srv/probe:/probe:ro'],
  ...(entry.landlock === undefined
    ? {}
    : { landlock: { ...entry.landlock, execute: [...(entry.landlock.execute ?? []), '/probe'] } }),
});

/** Names of the hub are known without anybody to ask. */
const knowsHub = (entry: Container): Container =>
  entry.name === 'wireguard-names'
    ? { ...entry, binds: [...(entry.binds ?? []), '/srv/hosts:/etc/hosts:ro'] }
    : entry;

type Text = { readonly name: string; readonly text: string };

const readImages = (names: readonly string[]): Promise<Text[]> =>
  Promise.all(names.map(async (name) => ({ name, text: await readFile(join(REPOSITORY, name), 'utf8') })));

/** @returns the disk */
const build = async (
  { arch, folder, cacheDir }: ImagesOptions,
  classFile: Text,
  imageFiles: readonly Text[],
): Promise<string> => {
  const { name } = parseClassFile(classFile.text, classFile.name);
  const sourceDir = join(folder, name, 'repository');
  await mkdir(sourceDir, { recursive: true });
  // What is tried is what Debian has today.
  await cp(REPOSITORY, sourceDir, {
    recursive: true,
    filter: (path) => !path.endsWith('slipway.lock'),
  });
  await copyFile(probeFor(arch), join(sourceDir, 'probe'));
  const outDir = join(folder, name, 'built');
  await buildImage({
    request: BuildRequest.parse({
      v: 1,
      build: 'bld_0000000000000000',
      release: 'rel_0000000000000000',
      version: '1.0.0',
      counter: 1,
      deviceClass: name,
      timeFloor: 1_790_000_000,
      classFile,
      imageFiles,
      deployment: { enrolUrl: 'https://slipway.example:8443', serverCa: 'none', releaseRoot: 'none' },
    }),
    requestDigest: Digest.parse(`sha256:${'0'.repeat(64)}`),
    sourceDir,
    cacheDir,
    workDir: join(folder, name, 'work'),
    outDir,
    progress: () => undefined,
    log: () => undefined,
  });
  if (!(await readdir(outDir)).includes('disk.img')) throw new Error('the class has no disk');
  return join(outDir, 'disk.img');
};

/**
 * The image of all components, as `infra/components` has it, with the probe before each.
 *
 * @returns names of the containers that are probed, and the disk
 */
export const buildDevice = async (
  options: ImagesOptions,
): Promise<{ readonly names: readonly string[]; readonly disk: string }> => {
  const className = CLASSES[options.arch];
  const text = await readFile(join(REPOSITORY, className), 'utf8');
  const { onboot, services, packages, files, modules, kernel } = parseImageFiles(
    await readImages(parseClassFile(text, className).images),
  );
  const all = {
    kernel,
    modules,
    files,
    packages,
    onboot: onboot.map((entry) => probed(entry, packages)),
    services: services.map((entry) => probed(knowsHub(entry), packages)),
  };
  const names = [...[...onboot, ...services].map(({ name }) => name), 'control'];
  const disk = await build(options, { name: className, text }, [
    { name: 'gateway.yml', text: JSON.stringify(all) },
    { name: 'more.yml', text: JSON.stringify(deviceMore(options.tunnel, names)) },
  ]);
  return { names, disk };
};

/** The other end of the tunnel, which has the time. @returns the disk */
export const buildHub = async (options: ImagesOptions): Promise<string> => {
  const text = await readFile(join(REPOSITORY, CLASSES[options.arch]), 'utf8');
  const { cmdline } = parseClassFile(text, CLASSES[options.arch]);
  const images = [...OF_HUB, 'hub.yml'].map((name) => `../${name}`);
  return build(
    options,
    {
      name: 'classes/hub.yml',
      text: JSON.stringify({ name: 'hub', arch: options.arch, images, cmdline }),
    },
    [...(await readImages(OF_HUB)), { name: 'hub.yml', text: JSON.stringify(hubMore()) }],
  );
};
