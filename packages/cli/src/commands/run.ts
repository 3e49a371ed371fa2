import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { SlipwayError, type Arch } from '@slipway/protocol';
import type { Image, StartableImage, VmBoot, VmOptions } from '@slipway/vm';
import { z } from 'zod';
import { ARCH_NAMES, ArchOption } from '../arch-option.ts';
import { cacheFolder } from '../cache-folder.ts';
import { leaf, wholeNumber, word, type MakeContext } from '../command.ts';
import type { Context } from '../context.ts';
import { lengthOf, parseForward, showConsole, withPublish } from '../machine.ts';

const RunOptions = z.object({
  arch: ArchOption.optional(),
  memory: z.int().min(128).default(1024),
  cpus: z.int().min(1).default(2),
  publish: z.array(z.string()).default([]),
  forward: z.array(z.string()).default([]),
  persist: z.boolean().default(false),
  gui: z.boolean().default(false),
  vars: z.string().optional(),
  console: z.string().optional(),
  secureBoot: z.union([z.string(), z.literal(true)]).optional(),
});
type RunOptions = z.infer<typeof RunOptions>;

/** @throws {SlipwayError} USAGE where what the machine writes cannot be kept in the image */
const assertPersists = (name: string, image: Image): void => {
  if (image.type === 'disk' && image.format !== 'vmdk') return;
  const what =
    image.type === 'disk'
      ? 'a stream that is read alone'
      : image.type === 'archive' || image.type === 'other'
        ? 'an archive'
        : 'read only';
  throw new SlipwayError(
    'USAGE',
    `--persist: ${name} is ${what}, so what the machine writes is not kept in it; run a raw, qcow2 or VHD disk, or leave --persist out.`,
  );
};

/** @throws {SlipwayError} USAGE where nobody would see a window */
const assertScreen = ({ env }: Context): void => {
  if ([env['DISPLAY'], env['WAYLAND_DISPLAY']].some((screen) => (screen ?? '') !== '')) return;
  throw new SlipwayError(
    'USAGE',
    '--gui: there is no screen here, neither DISPLAY nor WAYLAND_DISPLAY is set; leave it out, or give it one (`xvfb-run` makes one that nobody sees).',
  );
};

const bootOf = (
  image: StartableImage,
  vars: string,
): VmBoot & Pick<VmOptions, 'disk' | 'diskFormat' | 'isDiskReadOnly' | 'cdrom'> => {
  switch (image.type) {
    case 'disk':
      return { varsFile: vars, disk: image.path, diskFormat: image.format };
    case 'cdrom':
      return { varsFile: vars, cdrom: image.path };
    case 'kernel':
      return { kernel: image, disk: image.root, isDiskReadOnly: true };
    default:
      return image satisfies never;
  }
};

const secureBootOf = (context: Context, { secureBoot }: RunOptions): Pick<VmOptions, 'secureBoot'> => {
  if (secureBoot === undefined) return {};
  return { secureBoot: secureBoot === true ? 'setup-mode' : { keysDir: resolve(context.cwd, secureBoot) } };
};

/** @throws {SlipwayError} USAGE */
const archOf = async (name: string, image: StartableImage, scratch: string): Promise<Arch> => {
  const { imageArch } = await import('@slipway/vm');
  const arch = await imageArch(image, scratch);
  if (arch !== undefined) return arch;
  throw new SlipwayError(
    'USAGE',
    `${name} carries no boot loader that tells its architecture. Name it by --arch.`,
  );
};

const boot = async (context: Context, name: string, options: RunOptions, scratch: string): Promise<void> => {
  const { findImage, startVm, unpackImage } = await import('@slipway/vm');
  const { makeStartable } = await import('../make-startable.ts');
  if (options.gui) assertScreen(context);
  const path = resolve(context.cwd, name);
  const found = await findImage(path);
  if (options.persist) assertPersists(name, found);
  const image =
    found.type === 'other'
      ? await makeStartable(found, { scratch, arch: options.arch, cacheDir: cacheFolder(context, undefined) })
      : await unpackImage(found, scratch);
  const kept = (option: string | undefined, suffix: string): string | undefined =>
    option === undefined ? (options.persist ? `${path}${suffix}` : undefined) : resolve(context.cwd, option);
  const consoleFile = kept(options.console, '.console.log');
  const consoleLog = consoleFile ?? join(scratch, 'console.log');
  const before = await lengthOf(consoleLog);
  const interactive = context.isTerminal === true && process.stdin.isTTY && !context.json;
  const vm = await startVm({
    ...bootOf(image, kept(options.vars, '.vars') ?? join(scratch, 'vars')),
    ...secureBootOf(context, options),
    arch: options.arch ?? (await archOf(name, image, scratch)),
    memoryMb: options.memory,
    cpus: options.cpus,
    consoleLog,
    forwards: [...options.publish, ...options.forward].map(parseForward),
    snapshot: !options.persist,
    interactive,
    gui: options.gui,
  });
  if (interactive)
    context.err(`${name} starts; Ctrl-A X ends it${options.persist ? '' : ', and what it wrote is gone'}`);
  await showConsole(context, vm, consoleLog, before, consoleFile !== undefined);
};

const run = async (context: Context, words: readonly string[], options: RunOptions): Promise<void> => {
  const scratch = await mkdtemp(join(tmpdir(), 'slipway-run-'));
  try {
    await boot(context, word(words, 0), options, scratch);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
};

export const runCommand = (program: Command, makeContext: MakeContext): void => {
  leaf(program, makeContext, {
    usage: 'run <image>',
    summary: 'boot an image of any format in QEMU, its console here; the image stays as it is',
    options: RunOptions,
    build: (command) =>
      withPublish(command)
        .option('-a, --arch <arch>', `${ARCH_NAMES}; otherwise as the image says`)
        .option('-m, --memory <mib>', 'memory of the machine (1024)', wholeNumber)
        .option('--cpus <n>', 'processors of the machine (2)', wholeNumber)
        .option(
          '--persist',
          'the machine writes to the disk image itself; EFI variables and console stay beside it',
        )
        .option('--gui', 'a screen in a window, beside the console here')
        .option(
          '--vars <file>',
          'EFI variables of the machine; otherwise new ones, or DISK.vars with --persist',
        )
        .option(
          '--console <file>',
          'where the console is kept; otherwise nowhere, or DISK.console.log with --persist',
        )
        .option(
          '--secure-boot [folder]',
          'enrol PK.pem, KEK.pem and db.pem of a folder; only signed disks start. No folder: the disk may enrol keys',
        ),
    run,
  });
};
