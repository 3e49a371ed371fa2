import { copyFile, cp, mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildImage } from '@slipway/image';
import { parseClassFile, parseImageFiles, type Container, type ImageFile } from '@slipway/image-spec';
import { BuildRequest, Digest } from '@slipway/protocol';
import { PROBE } from './build.ts';

const REPOSITORY = join(import.meta.dirname, '..', '..', '..', 'infra', 'components');

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

/** Beside the components: the probe, who may do everything, and who prints what the probes say. */
const more = (authorizedKey: string, names: readonly string[]) => ({
  agent: { enabled: false },
  files: [
    { path: 'srv/probe', source: 'probe', mode: '0755' },
    { path: 'srv/key', mode: '0600', contents: authorizedKey },
  ],
  onboot: [
    {
      name: 'keys',
      image: 'deb:app',
      command: ['/usr/bin/busybox', 'cp', '/srv/key', '/data/ssh/authorized_keys'],
      binds: ['/srv/key:/srv/key:ro', '/data/ssh:/data/ssh'],
      runtime: { mkdir: ['/data/ssh'] },
    },
  ],
  services: [
    {
      name: 'control',
      image: 'deb:app',
      command: ['/probe', '/usr/bin/busybox', 'httpd', '-f', '-p', '8081'],
      binds: ['/srv/probe:/probe:ro'],
      capabilities: ['all'],
      readonly: false,
      noNewPrivileges: false,
    },
    {
      name: 'reporter',
      image: 'deb:app',
      command: [
        '/usr/bin/busybox',
        'sh',
        '-c',
        `for name in ${names.join(' ')}; do until /usr/bin/busybox grep -q 'probe end' /log/$name.log; do /usr/bin/busybox sleep 1; done; /usr/bin/busybox sed "s/^/$name: /" /log/$name.log > /dev/console; done; echo all probed > /dev/console; exec /usr/bin/busybox sleep 100000`,
      ],
      binds: ['/run/slipway/log:/log:ro'],
      devices: [{ path: '/dev/console', type: 'c', major: 5, minor: 1, mode: '0600' }],
    },
  ],
});

/**
 * The image of all components, as `infra/components` has it, with the probe before each.
 *
 * @param authorizedKey who may log in
 * @returns names of the containers that are probed, and the disk
 */
export const buildProbedImage = async (
  folder: string,
  cacheDir: string,
  authorizedKey: string,
): Promise<{ readonly names: readonly string[]; readonly disk: string }> => {
  const sourceDir = join(folder, 'repository');
  await mkdir(sourceDir, { recursive: true });
  await cp(REPOSITORY, sourceDir, {
    recursive: true,
    filter: (path) => !path.endsWith('slipway.lock'),
  });
  await copyFile(PROBE, join(sourceDir, 'probe'));
  const className = 'classes/gateway-x86.yml';
  const text = await readFile(join(sourceDir, className), 'utf8');
  const deviceClass = parseClassFile(text, className);
  const names: string[] = [];
  const images = await Promise.all(
    deviceClass.images.map(async (name) => ({ name, text: await readFile(join(sourceDir, name), 'utf8') })),
  );
  const { onboot, services, packages, files, modules, kernel } = parseImageFiles(images);
  names.push(...[...onboot, ...services].map(({ name }) => name));
  const all = {
    kernel,
    modules,
    files,
    packages,
    onboot: onboot.map((entry) => probed(entry, packages)),
    services: services.map((entry) => probed(entry, packages)),
  };
  const imageFiles = [{ name: 'gateway.yml', text: JSON.stringify(all) }];
  names.push('control');
  imageFiles.push({ name: 'more.yml', text: JSON.stringify(more(authorizedKey, names)) });
  const outDir = join(folder, 'built');
  await buildImage({
    request: BuildRequest.parse({
      v: 1,
      build: 'bld_0000000000000000',
      release: 'rel_0000000000000000',
      version: '1.0.0',
      counter: 1,
      deviceClass: deviceClass.name,
      timeFloor: 1_790_000_000,
      classFile: { name: className, text },
      imageFiles,
      deployment: { enrolUrl: 'https://slipway.example:8443', serverCa: 'none', releaseRoot: 'none' },
    }),
    requestDigest: Digest.parse(`sha256:${'0'.repeat(64)}`),
    sourceDir,
    cacheDir,
    workDir: join(folder, 'work'),
    outDir,
    progress: () => undefined,
    log: () => undefined,
  });
  if (!(await readdir(outDir)).includes('disk.img')) throw new Error('the class has no disk');
  return { names, disk: join(outDir, 'disk.img') };
};
