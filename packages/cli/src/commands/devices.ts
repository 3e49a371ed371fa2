import type { Command } from 'commander';
import { ClassName, DeviceId, type ClaimToken, type Device } from '@slipway/protocol';
import { z } from 'zod';
import { leaf, print, wholeNumber, word, type MakeContext } from '../command.ts';
import { connect } from '../context.ts';
import { facts, size, table, time } from '../table.ts';
import { askDeviceCommands } from './ask-device.ts';

const HEADINGS = ['device', 'class', 'online', 'health', 'slot', 'version', 'last seen'];
const line = (device: Device): string[] => [
  device.id,
  device.deviceClass,
  device.online ? 'online' : 'offline',
  device.health ?? '-',
  device.activeSlot ?? '-',
  device.version ?? '-',
  time(device.lastSeenAt),
];
const show = (device: Device): string =>
  [
    facts({
      device: device.id,
      class: device.deviceClass,
      channel: device.channel,
      arch: device.arch,
      online: device.online ? 'yes' : 'no',
      health: device.health,
      version: device.version,
      release: device.release,
      agent: device.agentVersion,
      'boot id': device.bootId,
      enrolled: time(device.enrolledAt),
      'last seen': time(device.lastSeenAt),
      'certificate until': time(device.certificateExpiresAt),
      ...(device.revokedAt === null ? {} : { revoked: time(device.revokedAt) }),
    }),
    ...(device.slots === null
      ? []
      : [
          '',
          table(
            ['slot', 'state', 'version', 'release'],
            (['a', 'b'] as const).map((name) => [
              name === device.activeSlot ? `${name} (active)` : name,
              [device.slots?.[name].state ?? '-', device.slots?.[name].code ?? ''].join(' ').trimEnd(),
              device.slots?.[name].version ?? '-',
              device.slots?.[name].release ?? '-',
            ]),
          ),
        ]),
    ...(device.services.length === 0
      ? []
      : [
          '',
          table(
            ['service', 'state', 'starts'],
            device.services.map(({ name, state, starts }) => [name, state, String(starts)]),
          ),
        ]),
    ...gauges(device),
  ].join('\n');

/** What telemetry says beyond the state of services. */
const gauges = ({ telemetry }: Device): string[] => {
  if (telemetry === undefined) return [];
  const { memoryAvailable, memoryTotal, diskFree, diskTotal, cpuBusy, temperature, link, failing } =
    telemetry;
  return [
    '',
    facts({
      memory: `${size(memoryAvailable)} of ${size(memoryTotal)} available`,
      disk:
        diskFree === undefined
          ? undefined
          : `${size(diskFree)} ${diskTotal === undefined ? '' : `of ${size(diskTotal)} `}free`,
      load: telemetry.load1,
      cpu: cpuBusy === undefined ? undefined : `${Math.round(cpuBusy * 100)} % busy`,
      temperature: temperature === undefined ? undefined : `${temperature} °C`,
      uptime: `${Math.round(telemetry.uptime)} s`,
      link: link === undefined ? undefined : `${link.kind}${link.metered ? ', metered' : ''}`,
      'failing gates': failing === undefined || failing.length === 0 ? undefined : failing.join(', '),
    }),
  ];
};

const CLAIM_HEADINGS = ['claim', 'class', 'device', 'used', 'expires'];
const claimLine = (claim: ClaimToken): string[] => [
  claim.id,
  claim.deviceClass,
  claim.deviceId ?? claim.idPattern ?? '-',
  claim.uses === 1 ? time(claim.usedAt) : `${claim.used} of ${claim.uses}`,
  time(claim.expiresAt),
];

export const deviceCommands = (program: Command, makeContext: MakeContext): void => {
  const devices = program
    .command('devices')
    .summary('see devices, ask them for something')
    .description('See the devices of the fleet, ask them for logs and the like.');
  leaf(devices, makeContext, {
    usage: 'list',
    summary: 'list devices',
    options: z.object({}),
    run: async (context) => {
      const found = await (await connect(context)).devices.list().all();
      print(context, found, () => table(HEADINGS, found.map(line), context.columns));
    },
  });
  leaf(devices, makeContext, {
    usage: 'show <device>',
    summary: 'show a device, its slots and services',
    options: z.object({}),
    run: async (context, words) => {
      const device = await (await connect(context)).devices.get(word(words, 0));
      print(context, device, () => show(device));
    },
  });
  leaf(devices, makeContext, {
    usage: 'revoke <device>',
    summary: 'give a device no certificate and no release any more, until it is enrolled anew',
    options: z.object({}),
    run: async (context, words) => {
      const device = await (await connect(context)).devices.revoke(word(words, 0));
      print(context, device, () => `${device.id}: revoked`);
    },
  });
  askDeviceCommands(devices, makeContext);

  const claims = program
    .command('claims')
    .summary('let devices in')
    .description('A claim token lets one device of a class enrol, once.');
  leaf(claims, makeContext, {
    usage: 'create',
    summary: 'create a claim token; it is shown this once',
    options: z.object({ class: ClassName, deviceId: DeviceId.optional(), ttl: z.int().min(60).optional() }),
    build: (command) =>
      command
        .requiredOption('-c, --class <name>', 'device class')
        .option('--device-id <id>', 'id that the device gets; otherwise the server makes one')
        .option('--ttl <seconds>', 'how long the token is good (86400)', wholeNumber),
    run: async (context, _words, options) => {
      const claim = await (
        await connect(context)
      ).claims.create({
        deviceClass: options.class,
        ...(options.deviceId === undefined ? {} : { deviceId: options.deviceId }),
        ...(options.ttl === undefined ? {} : { ttl: options.ttl }),
      });
      print(context, claim, () =>
        facts({
          claim: claim.id,
          device: claim.deviceId,
          expires: time(claim.expiresAt),
          token: claim.token,
        }),
      );
    },
  });
  leaf(claims, makeContext, {
    usage: 'list',
    summary: 'list claims, newest first',
    options: z.object({}),
    run: async (context) => {
      const found = await (await connect(context)).claims.list().all();
      print(context, found, () => table(CLAIM_HEADINGS, found.map(claimLine), context.columns));
    },
  });

  const classes = program.command('classes').summary('see device classes').description('See device classes.');
  leaf(classes, makeContext, {
    usage: 'list',
    summary: 'list the device classes of the image repository',
    options: z.object({}),
    run: async (context) => {
      const found = await (await connect(context)).deviceClasses.list();
      print(context, found, () =>
        table(
          ['class', 'arch', 'file', 'images'],
          found.map(({ name, arch, file, images }) => [name, arch, file, images.join(', ')]),
          context.columns,
        ),
      );
    },
  });
};
