import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import {
  Arch,
  ARCHITECTURES,
  Claim,
  CLAIM_ESP_PATH,
  ClassName,
  DeviceId,
  efiNames,
  IDENTITY_ESP_PATH,
  messageOf,
  SlipwayError,
  TenantId,
  type Arch as ArchName,
} from '@slipway/protocol';
import { z } from 'zod';
import { ARCH_NAMES, ArchOption } from '../arch-option.ts';
import { collect, leaf, print, wholeNumber, word, type MakeContext } from '../command.ts';
import { connect } from '../context.ts';
import { lengthOf, parseForward, showConsole } from '../machine.ts';

/** The architecture that a disk boots on, by the boot loader it carries. */
const archOf = async (disk: string): Promise<ArchName> => {
  const { espList } = await import('@slipway/vm');
  const files = new Set((await espList(disk)).map((path) => path.toUpperCase()));
  const found = Arch.options.find(
    (arch) => ARCHITECTURES[arch].efi !== undefined && files.has(efiNames(arch).firstFile),
  );
  if (found !== undefined) return found;
  throw new SlipwayError(
    'USAGE',
    `${disk} carries no boot loader that tells its architecture. Name it by --arch.`,
  );
};

const readPem = async (path: string): Promise<string> =>
  readFile(path, 'utf8').catch((cause: unknown) => {
    throw new SlipwayError('NOT_FOUND', `${path}: expected a file in PEM: ${messageOf(cause)}`, { cause });
  });

export const diskCommands = (program: Command, makeContext: MakeContext): void => {
  leaf(program, makeContext, {
    usage: 'provision <disk>',
    summary: 'put a claim token or a certificate onto a disk image, so that the device knows who it is',
    options: z.object({
      token: z.string().min(16).optional(),
      class: ClassName.optional(),
      deviceId: DeviceId.optional(),
      certificate: z.string().optional(),
      key: z.string().optional(),
      mqttUrl: z.url().optional(),
      tenant: TenantId.default(TenantId.parse('default')),
      secureBoot: z.string().optional(),
    }),
    build: (command) =>
      command
        .option('-t, --token <token>', 'a claim token')
        .option('-c, --class <name>', 'instead of a token: create a claim for this class')
        .option('--device-id <id>', 'with --class: id that the device gets')
        .option('--certificate <file>', 'instead of a token: a certificate made in the factory, PEM')
        .option('--key <file>', 'with --certificate: its key, PEM; it leaves the disk at the first boot')
        .option('--mqtt-url <url>', 'with --certificate: the broker, such as mqtts://broker.example:8883')
        .option('--tenant <name>', 'with --certificate: tenant of the device (default)')
        .option(
          '--secure-boot <folder>',
          'with PK.auth, KEK.auth and db.auth: the first boot enrols these keys',
        ),
    run: async (context, words, options) => {
      const { espWrite, offerKeys } = await import('@slipway/vm');
      const place = (path: string): string => resolve(context.cwd, path);
      if (options.certificate !== undefined) {
        const { certificate, key, mqttUrl, tenant } = options;
        const claim = options.token ?? options.class ?? options.deviceId;
        if (key === undefined || mqttUrl === undefined || claim !== undefined) {
          throw new SlipwayError(
            'USAGE',
            '--certificate: name --key and --mqtt-url as well, and no --token, --class or --device-id: the certificate says which device it is.',
          );
        }
        const [certificatePem, keyPem] = await Promise.all([
          readPem(place(certificate)),
          readPem(place(key)),
        ]);
        const { factoryIdentity } = await import('../factory-identity.ts');
        const identity = factoryIdentity({ certificate: certificatePem, key: keyPem, mqttUrl, tenant });
        const disk = place(word(words, 0));
        await espWrite(disk, IDENTITY_ESP_PATH, Buffer.from(JSON.stringify(identity)));
        if (options.secureBoot !== undefined) await offerKeys(disk, place(options.secureBoot));
        print(
          context,
          { disk, device: identity.deviceId },
          () => `${disk}: provisioned as ${identity.deviceId}`,
        );
        return;
      }
      const created =
        options.token !== undefined || options.class === undefined
          ? undefined
          : await (
              await connect(context)
            ).claims.create({
              deviceClass: options.class,
              ...(options.deviceId === undefined ? {} : { deviceId: options.deviceId }),
            });
      const token = options.token ?? created?.token;
      if (token === undefined)
        throw new SlipwayError(
          'USAGE',
          'Name a claim token by --token, a class by --class, or a certificate by --certificate.',
        );
      const disk = resolve(context.cwd, word(words, 0));
      const claim = JSON.stringify(Claim.parse({ v: 1, token }));
      await espWrite(disk, CLAIM_ESP_PATH, Buffer.from(claim));
      if (options.secureBoot !== undefined) await offerKeys(disk, resolve(context.cwd, options.secureBoot));
      print(context, { disk, device: created?.deviceId ?? null }, () =>
        created === undefined ? `${disk}: provisioned` : `${disk}: provisioned as ${created.deviceId}`,
      );
    },
  });

  leaf(program, makeContext, {
    usage: 'run <disk>',
    summary: 'boot a disk image in QEMU, its console here; Ctrl-C ends it',
    options: z.object({
      arch: ArchOption.optional(),
      memory: z.int().min(128).default(1024),
      cpus: z.int().min(1).default(2),
      forward: z.array(z.string()).default([]),
      vars: z.string().optional(),
      console: z.string().optional(),
      snapshot: z.boolean().default(false),
      secureBoot: z.union([z.string(), z.literal(true)]).optional(),
    }),
    build: (command) =>
      command
        .option('-a, --arch <arch>', `${ARCH_NAMES}; otherwise as the boot loader of the disk says`)
        .option('-m, --memory <mib>', 'memory of the device (1024)', wholeNumber)
        .option('--cpus <n>', 'processors of the device (2)', wholeNumber)
        .option(
          '-f, --forward <host:guest>',
          'a port of this machine to one of the device; may be given again',
          collect,
        )
        .option('--vars <file>', 'EFI variables of the device; otherwise DISK.vars')
        .option('--console <file>', 'where the console is kept; otherwise DISK.console.log')
        .option('--snapshot', 'discard what the device writes')
        .option(
          '--secure-boot [folder]',
          'enrol PK.pem, KEK.pem and db.pem of a folder; only signed disks start. No folder: the disk may enrol keys',
        ),
    run: async (context, words, options) => {
      const { startVm } = await import('@slipway/vm');
      const disk = resolve(context.cwd, word(words, 0));
      const consoleLog = resolve(context.cwd, options.console ?? `${disk}.console.log`);
      const before = await lengthOf(consoleLog);
      const vm = await startVm({
        arch: options.arch ?? (await archOf(disk)),
        disk,
        varsFile: resolve(context.cwd, options.vars ?? `${disk}.vars`),
        memoryMb: options.memory,
        cpus: options.cpus,
        consoleLog,
        forwards: options.forward.map(parseForward),
        snapshot: options.snapshot,
        ...(options.secureBoot === undefined
          ? {}
          : {
              secureBoot:
                options.secureBoot === true
                  ? 'setup-mode'
                  : { keysDir: resolve(context.cwd, options.secureBoot) },
            }),
      });
      await showConsole(context, vm, consoleLog, before);
    },
  });
};
