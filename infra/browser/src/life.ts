import type { FleetSim } from '@slipway/fleet-sim';
import { UserName } from '@slipway/protocol';
import { build, deviceId, publish, rollOut } from './chain.ts';
import { addDevices } from './devices.ts';
import type { Instance } from './instance.ts';

/** Of everybody in an instance that is made to be looked at. */
export const PASSWORD = 'a sentence nobody guesses';

export const CLASSES = [
  { name: 'gateway-x86' },
  { name: 'kiosk', triggers: "[{ on: cron, schedule: '0 3 1 1 *', timeZone: Europe/Berlin }, { on: push }]" },
  { name: 'meter' },
] as const;

const SITES = ['berlin', 'lyon', 'oslo', 'porto', 'riga'];
const PEOPLE = [
  ['bert', 'operator'],
  ['rosa', 'releaser'],
  ['alma', 'approver'],
  ['vera', 'viewer'],
] as const;

const makePeople = async ({ client, setupToken }: Instance): Promise<void> => {
  await client.setup.create({ token: await setupToken(), name: UserName.parse('anna'), password: PASSWORD });
  for (const [name, role] of PEOPLE)
    await client.users.create({ name: UserName.parse(name), password: PASSWORD, role });
};

/** Names, tags, attributes and groups, by which devices are asked for. */
const describeDevices = async ({ client }: Instance): Promise<void> => {
  const all = await client.devices.list().all();
  await Promise.all(
    all.map(({ id }, at) =>
      client.devices.update(id, {
        name: `${id.split('-')[0] === 'kio' ? 'Kiosk' : 'Gateway'} ${at + 1}`,
        tags: at % 5 === 0 ? ['canary', 'indoor'] : ['indoor'],
        attributes: { site: SITES[at % SITES.length] ?? 'riga', rack: at % 4 },
      }),
    ),
  );
  await client.groups.create({ name: 'canaries', query: 'tag = canary', description: 'Whoever goes first' });
  await client.groups.create({ name: 'oslo', query: 'attr.site = oslo', description: 'Everything in Oslo' });
};

/**
 * A small fleet with a history, made as people and devices make it: releases of three classes, a rollout that went well, one
 * that stopped at its failures, one under way, a build that failed.
 *
 * @returns the devices
 */
export const liven = async (
  instance: Instance,
  say: (line: string) => void,
): Promise<readonly FleetSim[]> => {
  const { client, images } = instance;
  await makePeople(instance);
  say('building the first releases …');
  const gateway = await publish(client, 'gateway-x86', '1.4.0');
  const kiosk = await publish(client, 'kiosk', '2.0.0');
  const common = { telemetrySeconds: 5, bootSeconds: 0, stableSeconds: 0 };
  const faults = { rollBack: 0.35, panic: 0.1, versions: ['1.5.0'] };
  const fleets = [
    await addDevices(instance, {
      deviceClass: 'gateway-x86',
      prefix: 'gw-',
      count: 40,
      sim: { ...common, version: '1.3.0', faults, seed: 4 },
    }),
    await addDevices(instance, {
      deviceClass: 'kiosk',
      prefix: 'kio-',
      count: 12,
      // Slow enough to be under way when it is looked at.
      sim: {
        ...common,
        speed: 1,
        version: '1.9.0',
        download: 'full',
        faults: { rate: { min: 2e4, max: 2e5 } },
      },
    }),
  ];
  await describeDevices(instance);
  await client.channels.replace('gateway-x86', 'stable', {});
  await client.channels.createRelease('gateway-x86', 'stable', { release: gateway });
  say('rolling out …');
  await rollOut(client, gateway, { failureThreshold: 3 });
  await images.edit('gateway-x86', 'A gateway of the second generation.');
  const bad = await publish(client, 'gateway-x86', '1.5.0');
  await rollOut(client, bad, {
    failureThreshold: 4,
    waves: [
      { name: 'canaries', query: 'tag = canary' },
      { name: 'a half', percent: 50 },
      { name: 'everybody' },
    ],
  });
  await client.rollouts.create({
    release: kiosk,
    maxInFlight: 4,
    waves: [
      { name: 'one', count: 2 },
      { name: 'a half', percent: 50, soakSeconds: 60 },
      { name: 'everybody' },
    ],
  });
  await images.spoil('meter');
  say('a build that fails …');
  await build(client, 'meter', '0.9.0');
  await client.devices.createCommand(deviceId('gw-', 1), { name: 'identify' });
  await client.webhooks.create({
    url: 'https://hooks.example.com/slipway',
    description: 'The channel of operations',
  });
  await client.claims.create({ deviceClass: 'kiosk', uses: 50, idPattern: 'kio-{serial}', note: 'lot 7' });
  return fleets;
};
