import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import {
  Claim,
  CLAIM_ESP_PATH,
  ClassName,
  DeviceId,
  IDENTITY_ESP_PATH,
  messageOf,
  SlipwayError,
  TenantId,
} from '@slipway/protocol';
import { z } from 'zod';
import { leaf, print, word, type MakeContext } from '../command.ts';
import { connect } from '../context.ts';

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
};
