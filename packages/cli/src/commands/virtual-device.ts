import { mkdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { BuildId, ClassName, DeviceId, SlipwayError, VirtualDeviceFile, type Build } from '@slipway/protocol';
import { z } from 'zod';
import type { Client } from '@slipway/client';
import { leaf, print, wholeNumber, word, type MakeContext } from '../command.ts';
import { connect, type Context } from '../context.ts';
import { artifactNamed, downloadArtifact } from '../download-artifact.ts';
import { downloadProgress } from '../download-outputs.ts';
import { lengthOf, parseForward, showConsole, withPublish } from '../machine.ts';

const DISK = 'disk.img';

/** @throws {SlipwayError} NOT_FOUND */
const newestWithDisk = async (client: Client, deviceClass: ClassName): Promise<Build> => {
  for await (const build of client.builds.list({ deviceClass, state: 'succeeded' }))
    if (build.artifacts.some(({ name }) => name === DISK)) return build;
  throw new SlipwayError(
    'NOT_FOUND',
    `No build of ${deviceClass} has a disk image to make a device of. Build one: slipway builds create ${deviceClass} --watch.`,
  );
};

type Asked = {
  readonly class?: ClassName | undefined;
  readonly build?: BuildId | undefined;
  readonly deviceId?: DeviceId | undefined;
};

/** Downloads the disk image, claims a place in the fleet for it, and puts both into the folder. */
const make = async (context: Context, folder: string, asked: Asked): Promise<VirtualDeviceFile> => {
  if (asked.class === undefined && asked.build === undefined)
    throw new SlipwayError(
      'USAGE',
      `There is no virtual device in ${folder} yet. Name a class by --class, or a build by --build, to make it of.`,
    );
  const { makeVirtualDevice, requireQemu } = await import('@slipway/vm');
  const client = await connect(context);
  const build =
    asked.build === undefined
      ? await newestWithDisk(client, ClassName.parse(asked.class))
      : await client.builds.get(asked.build);
  const { arch } = await client.releases.get(build.release);
  await requireQemu(arch);
  await mkdir(folder, { recursive: true });
  const image = join(folder, 'image.img');
  context.err(`downloading the disk image of ${build.deviceClass} ${build.version} …`);
  // Of the release: with Secure Boot it is the one that firmware starts.
  const { release } = build;
  await downloadArtifact({
    artifact: artifactNamed(await client.releases.listArtifacts(release), DISK, `Release ${release}`),
    get: (options) => client.releases.getArtifact(release, DISK, options),
    path: image,
    signal: context.signal,
    progress: downloadProgress(context),
  });
  const { deviceId, token } = await client.claims.create({
    deviceClass: build.deviceClass,
    note: 'slipway virtual-device',
    ...(asked.deviceId === undefined ? {} : { deviceId: asked.deviceId }),
  });
  const facts = VirtualDeviceFile.parse({
    v: 1,
    id: deviceId,
    deviceClass: build.deviceClass,
    arch,
    build: build.id,
    release: build.release,
    version: build.version,
    createdAt: new Date().toISOString(),
  });
  await makeVirtualDevice(folder, image, token ?? '', facts);
  await rm(image);
  return facts;
};

export const virtualDeviceCommand = (program: Command, makeContext: MakeContext): void => {
  leaf(program, makeContext, {
    usage: 'virtual-device <folder>',
    summary: 'run a device of a class in QEMU, its console here; made in the folder the first time',
    options: z.object({
      class: ClassName.optional(),
      build: BuildId.optional(),
      deviceId: DeviceId.optional(),
      memory: z.int().min(128).optional(),
      cpus: z.int().min(1).optional(),
      publish: z.array(z.string()).default([]),
      forward: z.array(z.string()).default([]),
      start: z.boolean().default(true),
    }),
    build: (command) =>
      withPublish(command)
        .option(
          '-c, --class <name>',
          'the first time: of the newest build of this class that has a disk image',
        )
        .option('-b, --build <id>', 'the first time: of this build')
        .option('--device-id <id>', 'the first time: id in the fleet; otherwise the server makes one')
        .option('-m, --memory <mib>', 'memory of the device (768)', wholeNumber)
        .option('--cpus <n>', 'processors of the device (1)', wholeNumber)
        .option('--no-start', 'only make it'),
    run: async (context, words, options) => {
      const { readVirtualDevice, startVirtualDevice, virtualDeviceFiles } = await import('@slipway/vm');
      const folder = resolve(context.cwd, word(words, 0));
      const known = await readVirtualDevice(folder);
      if (known !== undefined && (options.build ?? options.class ?? options.deviceId) !== undefined)
        throw new SlipwayError(
          'USAGE',
          `${folder} holds ${known.id} already, of ${known.deviceClass} ${known.version}. Start it without --class, --build and --device-id, or name another folder.`,
        );
      const forwards = [...options.publish, ...options.forward].map(parseForward);
      const device = known ?? (await make(context, folder, options));
      if (!options.start) {
        print(
          context,
          { ...device, folder },
          () => `${folder}: ${device.id}, of ${device.deviceClass} ${device.version}`,
        );
        return;
      }
      const { consoleLog } = virtualDeviceFiles(folder);
      const before = await lengthOf(consoleLog);
      context.err(`${device.id} starts; Ctrl-C pulls its plug, the same command starts it again`);
      const { memory: memoryMb, cpus } = options;
      const vm = await startVirtualDevice(folder, { arch: device.arch, forwards, memoryMb, cpus });
      await showConsole(context, vm, consoleLog, before);
    },
  });
};
