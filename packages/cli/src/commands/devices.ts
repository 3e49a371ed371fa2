import type { Command } from 'commander';
import { ClassName, DeviceState, type Device, type DeviceCounts } from '@slipway/protocol';
import { z } from 'zod';
import { leaf, print, word, type MakeContext } from '../command.ts';
import { connect } from '../context.ts';
import { describeZone } from '../describe-zone.ts';
import { facts, size, table, time } from '../table.ts';
import { watchList, watchOne } from '../watch.ts';
import { admitDeviceCommands } from './admit-devices.ts';
import { registrationCommands } from './registrations.ts';
import { askDeviceCommands } from './ask-device.ts';
import { deviceHistoryCommands } from './device-history.ts';
import { attributeFacts, describeDeviceCommands } from './describe-devices.ts';
import { DEVICE_HEADINGS, deviceLine } from './device-table.ts';

const show = (device: Device): string =>
  [
    facts({
      device: device.id,
      name: device.name,
      state: device.state === 'active' ? null : device.state,
      class: device.deviceClass,
      channel: device.channel,
      arch: device.arch,
      online: device.online ? 'yes' : 'no',
      health: device.health,
      alarms: device.alarms.join(', ') || null,
      tags: device.tags.join(' ') || null,
      groups: device.groups?.map(({ name }) => name).join(', ') || null,
      ...attributeFacts(device),
      version: device.version,
      release: device.release,
      agent: device.agentVersion,
      'boot id': device.bootId,
      'time zone': describeZone(device),
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

const countLines = (counts: DeviceCounts): string =>
  [
    facts({ devices: counts.total, online: counts.online }),
    ...(['byClass', 'byVersion', 'byHealth', 'byState', 'byAlarm'] as const)
      .filter((by) => counts[by].length > 0)
      .flatMap((by) => [
        '',
        table(
          [by.slice(2), 'devices'],
          counts[by].map(({ value, count }) => [value ?? '-', String(count)]),
        ),
      ]),
  ].join('\n');

export const deviceCommands = (program: Command, makeContext: MakeContext): void => {
  const devices = program
    .command('devices')
    .alias('device')
    .summary('see devices, ask them for something')
    .description('See the devices of the fleet, ask them for logs and the like.');
  leaf(devices, makeContext, {
    usage: 'list',
    summary: 'list devices; all but those that were rejected or have left for good',
    options: z.object({
      query: z.string().optional(),
      class: ClassName.optional(),
      state: DeviceState.optional(),
      online: z.boolean().optional(),
      watch: z.boolean().default(false),
    }),
    build: (command) =>
      command
        .option('-q, --query <query>', "such as 'tag = canary and version < 2.0.0'; see docs/queries.md")
        .option('-c, --class <name>', 'only of this class')
        .option('--state <state>', 'pending, active, rejected, revoked or decommissioned')
        .option('--online', 'only those that are connected')
        .option('--no-online', 'only those that are not')
        .option('-w, --watch', 'go on showing what changes, until Ctrl-C'),
    run: async (context, _words, { class: deviceClass, watch, ...options }) => {
      const client = await connect(context);
      const look = () => client.devices.list({ deviceClass, ...options }).all();
      if (watch) await watchList(context, client, look, DEVICE_HEADINGS, deviceLine);
      const found = await look();
      print(context, found, () => table(DEVICE_HEADINGS, found.map(deviceLine), context.columns));
    },
  });
  leaf(devices, makeContext, {
    usage: 'count',
    summary: 'count devices, by what they are',
    options: z.object({ query: z.string().optional() }),
    build: (command) => command.option('-q, --query <query>', 'only those that it finds'),
    run: async (context, _words, options) => {
      const counts = await (await connect(context)).devices.counts(options);
      print(context, counts, () => countLines(counts));
    },
  });
  leaf(devices, makeContext, {
    usage: 'show <device>',
    summary: 'show a device, its slots and services',
    options: z.object({ watch: z.boolean().default(false) }),
    build: (command) => command.option('-w, --watch', 'show it again when it changes, until Ctrl-C'),
    run: async (context, words, options) => {
      const client = await connect(context);
      const look = () => client.devices.get(word(words, 0));
      if (options.watch) await watchOne(context, client, look, show);
      const device = await look();
      print(context, device, () => show(device));
    },
  });
  describeDeviceCommands(devices, makeContext);
  admitDeviceCommands(devices, makeContext);
  registrationCommands(program, devices, makeContext);
  askDeviceCommands(devices, makeContext);
  deviceHistoryCommands(devices, makeContext);

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
