import { existsSync } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { makeGuestRoot, type GuestRoot } from './fixture/guest-root.ts';

const roots: GuestRoot[] = [];
const guest = async (slot: 'a' | 'b'): Promise<GuestRoot> => {
  const root = await makeGuestRoot(slot);
  roots.push(root);
  return root;
};
afterEach(async () => {
  for (const root of roots.splice(0)) await root.dispose();
});

const TRIAL = 'data/slipway/trial';

describe('which slot is confirmed', () => {
  test.each([
    ['the variable of the loader', 'slot-b.efi', 'a', 'b\n'],
    ['what init wrote down, where there is no variable', undefined, 'slot-a.efi', 'a\n'],
    ['what another loader says', undefined, 'b', 'b\n'],
    ['nothing, for an entry that is no slot', 'other.efi', 'a', ''],
    ['nothing, where nobody knows', undefined, undefined, ''],
  ])('%s', async (_title, variable, file, expected) => {
    const root = await guest('a');
    if (variable !== undefined) await root.loaderDefault(variable);
    if (file !== undefined) await root.put('run/slipway/confirmed', file);
    expect(await root.run('confirmed')).toEqual({ status: 0, stdout: expected });
  });

  test('another slot than that is on trial; where nobody knows, none is', async () => {
    const root = await guest('b');
    expect((await root.run('is-trial')).status).not.toBe(0);
    await root.loaderDefault('slot-a.efi');
    expect((await root.run('is-trial')).status).toBe(0);
    await root.loaderDefault('slot-b.efi');
    expect((await root.run('is-trial')).status).not.toBe(0);
  });
});

test('the default of a loader is found where that loader keeps it', async () => {
  const root = await guest('a');
  const found = async (): Promise<string> => (await root.run('loader-default', '/esp')).stdout.trim();
  expect(await found()).toBe('');
  const pi = (all: number, tryboot: number): string =>
    `[all]\ntryboot_a_b=1\nboot_partition=${all}\n[tryboot]\nboot_partition=${tryboot}\n[all]\n\n`;
  await root.put('esp/autoboot.txt', pi(2, 3));
  expect(await found()).toBe('a');
  await root.put('esp/autoboot.txt', pi(3, 2));
  expect(await found()).toBe('b');
  await rm(root.at('esp/autoboot.txt'));
  await root.put('esp/slipway/uboot.0', 'CRC!slipway_n=1\0slot_default=b\0\0\0');
  expect(await found()).toBe('b');
  await root.put('esp/loader/loader.conf', 'timeout 0\ndefault slot-a.efi\n');
  expect(await found()).toBe('slot-a.efi');
});

test('the firmware is told of an armed trial with the restart, and of nothing else', async () => {
  const root = await guest('a');
  await root.program('usr/lib/slipway/restart', 'echo "$*" > /run/word');
  await root.run('shutdown');
  expect(existsSync(root.at('run/word'))).toBe(false);
  await root.put('run/slipway/tryboot', 'b');
  await root.run('shutdown');
  expect(await root.text('run/word')).toBe('0 tryboot\n');
});

describe('what a trial leaves behind', () => {
  test('a mark for each stage, and none outside a trial', async () => {
    const root = await guest('b');
    await root.loaderDefault('slot-b.efi');
    await root.run('trial-stage', 'init');
    expect(existsSync(root.at(`${TRIAL}/stage`))).toBe(false);
    await root.loaderDefault('slot-a.efi');
    await root.run('trial-stage', 'init');
    await root.run('trial-stage', 'agent');
    expect(await root.text(`${TRIAL}/stage`)).toMatch(/^init [0-9a-f-]{36}\nagent [0-9a-f-]{36}\n$/);
  });

  test('logs, bounded, until the slot is confirmed', async () => {
    const root = await guest('b');
    await root.loaderDefault('slot-a.efi');
    await root.put('run/slipway/log/web.log', `${'x'.repeat(500_000)}the end of web\n`);
    for (let index = 0; index < 12; index++)
      await root.put(`run/slipway/log/service-${index}.log`, `${'y'.repeat(40_000)}\n`);
    await root.program('dmesg', 'echo "the kernel said so"');
    // In place of a wait: the agent confirms the slot after the second round.
    await root.program(
      'sleep',
      `echo >> /run/rounds
[ "$(wc -l < /run/rounds)" -lt 2 ] || printf '\\007\\000\\000\\000s\\000l\\000o\\000t\\000-\\000b\\000.\\000e\\000f\\000i\\000\\000\\000' \
  > /sys/firmware/efi/efivars/LoaderEntryDefault-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f`,
    );
    expect((await root.run('trial-log')).status).toBe(0);
    expect(await root.text('run/rounds')).toBe('\n\n');
    const log = await root.text(`${TRIAL}/log`);
    expect(log).toContain('--- web ---\n');
    expect(log).toContain('the end of web');
    expect((await stat(root.at(`${TRIAL}/log`))).size).toBeLessThanOrEqual(262_144);
    expect(existsSync(root.at(`${TRIAL}/log.new`))).toBe(false);
  });
});

describe('keeping the agent running', () => {
  /** An agent that ends at once, and waits that take no time. */
  const failing = async (slot: 'a' | 'b', rounds: number): Promise<GuestRoot> => {
    const root = await guest(slot);
    await root.loaderDefault('slot-a.efi');
    await root.program('sleep', 'exit 0');
    await root.program('reboot', 'echo rebooted >> /run/reboots; kill -9 $PPID');
    await root.program(
      'usr/lib/slipway/agent',
      `echo started >> /run/starts; [ "$(wc -l < /run/starts)" -lt ${rounds} ] || kill -9 $PPID; exit 70`,
    );
    return root;
  };
  const lines = async (root: GuestRoot, path: string): Promise<number> =>
    existsSync(root.at(path)) ? (await root.text(path)).trim().split('\n').length : 0;

  test('a trial whose agent ends five times goes back', async () => {
    const root = await failing('b', 20);
    await root.run('run-agent');
    expect(await lines(root, 'run/starts')).toBe(5);
    expect(await lines(root, 'run/reboots')).toBe(1);
    expect(await root.text(`${TRIAL}/stage`)).toMatch(/^agent .*\nfail .*does not stay up.*status 70\n$/);
  });

  test('it is started even where nothing empties the pipe of the watchdog', async () => {
    const root = await failing('a', 2);
    await root.program('usr/lib/slipway/trial-stage', 'mkfifo /dev/watchdog && echo made >> /run/pipes');
    await root.run('run-agent');
    expect(await lines(root, 'run/pipes')).toBe(1);
    expect(await lines(root, 'run/starts')).toBe(2);
  });

  test('a confirmed slot never gives up', async () => {
    const root = await failing('a', 20);
    await root.run('run-agent');
    expect(await lines(root, 'run/starts')).toBe(20);
    expect(await lines(root, 'run/reboots')).toBe(0);
  });
});

describe('the agent starts after services', () => {
  /** @param waits of a tenth of a second, after which the web server has started */
  const starting = async (waits: number): Promise<GuestRoot> => {
    const root = await guest('a');
    for (const name of ['dhcp', 'web']) await root.put(`containers/services/${name}/config.json`, '{}');
    await root.put('run/slipway/started/services-dhcp', '100');
    await root.program(
      'sleep',
      `echo >> /run/waits; [ "$(wc -l < /run/waits)" -lt ${waits} ] || echo 200 > /run/slipway/started/services-web`,
    );
    await root.program('usr/lib/slipway/agent', 'ls /run/slipway/started > /run/seen; kill -9 $PPID');
    await root.run('run-agent');
    return root;
  };

  test('once the last of them runs', async () => {
    const root = await starting(3);
    expect(await root.text('run/waits')).toBe('\n\n\n');
    expect(await root.text('run/seen')).toBe('services-dhcp\nservices-web\n');
  });

  test('or in five seconds, where one does not start', async () => {
    const root = await starting(1000);
    expect((await root.text('run/waits')).length).toBe(50);
    expect(await root.text('run/seen')).toBe('services-dhcp\n');
  });
});

describe('a factory reset', () => {
  const resettable = async (): Promise<GuestRoot> => {
    const root = await guest('a');
    await root.put('data/partition', 'secret'.repeat(1000));
    await root.program('mount', 'echo "mount $*" >> /run/calls');
    await root.program('mkfs.ext4', 'ls /esp/slipway >> /run/calls; echo "mkfs $*" >> /run/calls');
    return root;
  };

  test.each(['wipe', 'reset'])(
    'makes the partition anew for %s, and then takes the request away',
    async (name) => {
      const root = await resettable();
      await root.put(`esp/slipway/${name}`, '');
      expect((await root.run('wipe-data', '/esp', '/data/partition')).status).toBe(0);
      const calls = (await root.text('run/calls')).trim().split('\n');
      expect(calls).toEqual([
        name,
        'mkfs -q -F -L data -m 0 /data/partition',
        'mount -o remount,rw /esp',
        'mount -o remount,ro /esp',
      ]);
      expect(existsSync(root.at(`esp/slipway/${name}`))).toBe(false);
      expect(await root.text('data/partition')).not.toContain('secret');
    },
  );

  test('stays asked for where it fails', async () => {
    const root = await resettable();
    await root.put('esp/slipway/wipe', '');
    await root.program('mkfs.ext4', 'exit 1');
    expect((await root.run('wipe-data', '/esp', '/data/partition')).status).toBe(1);
    expect(existsSync(root.at('esp/slipway/wipe'))).toBe(true);
  });

  test('touches nothing that nobody asked for', async () => {
    const root = await resettable();
    expect((await root.run('wipe-data', '/esp', '/data/partition')).status).toBe(0);
    expect(await root.text('data/partition')).toContain('secret');
    expect(existsSync(root.at('run/calls'))).toBe(false);
  });
});
