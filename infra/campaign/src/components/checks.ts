import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '@slipway/protocol';
import type { Vm } from '@slipway/vm';
import { z } from 'zod';
import { byKey, byPassword } from './log-in.ts';
import type { Machines } from './machines.ts';
import { NETWORK } from './image-files.ts';

/** What a probe tries. */
const TRIED = [
  'write-root',
  'write-usr',
  'mount',
  'ptrace',
  'sethostname',
  'mknod',
  'read-unlisted',
  'forks',
  'memory',
];

export const Row = z.object({
  check: z.string(),
  ok: z.boolean(),
  expected: z.string(),
  found: z.string(),
});
export type Row = z.infer<typeof Row>;

type Check = {
  readonly check: string;
  readonly expected: RegExp;
  readonly find: (machines: Machines) => Promise<string>;
};

const waitFor = async (machines: Machines, which: 'device' | 'hub', line: RegExp): Promise<RegExpExecArray> =>
  machines[which].waitForConsole(line, { timeoutMs: machines.timeLeftMs() });

/** As `done: mount ptrace; refused: forks`. */
const outcome = (vm: Vm, name: string): string => {
  const found = [...vm.console().matchAll(new RegExp(`^${name}: probe (\\S+) (done|refused)`, 'gm'))];
  return ['done', 'refused']
    .map((how) => ({ how, what: found.flatMap(([, what, which]) => (which === how ? [what] : [])) }))
    .filter(({ what }) => what.length > 0)
    .map(({ how, what }) => `${how}: ${what.join(' ')}`)
    .join('; ');
};

const probe = (name: string): Check => ({
  check: `what ${name} must not do`,
  // That a probe came to its end is said like something done.
  expected:
    name === 'control'
      ? new RegExp(`^done: ${TRIED.join(' ')} end$`)
      : new RegExp(`^done: end; refused: ${TRIED.join(' ')}$`),
  find: async ({ device }) => outcome(device, name),
});

/** The rest of a line of a console, when it comes. */
const said = (which: 'device' | 'hub', start: string) => async (machines: Machines) => {
  const [, rest = ''] = await waitFor(machines, which, new RegExp(`^${start}: (.*)\\r?\\n`, 'm'));
  return rest;
};

/** The first answer that is none of an error: forwards of QEMU take connections before the device does. */
const answer = async ({ timeLeftMs }: Machines, ask: () => Promise<string>): Promise<string> => {
  for (;;)
    try {
      return await ask();
    } catch (error) {
      if (timeLeftMs() === 0) throw error;
      await delay(500);
    }
};

const log = (name: string) => async (machines: Machines) =>
  answer(machines, () => byKey(machines, `/usr/bin/busybox cat /run/slipway/log/${name}.log`));

const COMPONENTS: readonly Check[] = [
  {
    check: 'dhcp: an address and whom to ask for names',
    expected: /lease of 10\.0\.2\.15 obtained/,
    find: log('dhcp'),
  },
  {
    check: 'ssh: who has a key logs in',
    expected: /^uid=0/,
    find: async (machines) => answer(machines, () => byKey(machines, '/usr/bin/busybox id')),
  },
  {
    check: 'ssh: nobody is asked for a password',
    expected: /^root@127\.0\.0\.1: Permission denied \(publickey\)\.$/,
    find: byPassword,
  },
  {
    check: 'app: a page, at the address that DHCP gave',
    expected: /<title>An application<\/title>/,
    find: async (machines) =>
      answer(machines, async () => (await fetch(`http://127.0.0.1:${machines.ports.app}/`)).text()),
  },
  {
    check: 'chrony: asks for names as DHCP says',
    expected: /^nameserver 10\.0\.2\.3$/,
    find: said('device', 'chronyd asks'),
  },
  {
    check: 'wireguard: asks for names as DHCP says',
    expected: /^nameserver 10\.0\.2\.3$/,
    find: said('device', 'names asks'),
  },
  {
    check: 'wireguard: a page of the application, over the tunnel',
    expected: /<title>An application<\/title>/,
    find: said('hub', 'over the tunnel, application'),
  },
  {
    check: 'node-exporter: metrics, over the tunnel',
    expected: /^node_network_up\{device="wg0"\} [01]$/,
    find: said('hub', 'over the tunnel, metrics'),
  },
  {
    check: 'chrony: the time of the hub, over the tunnel',
    expected: new RegExp(`Reference ID +: .*\\(${NETWORK.hub}\\)[^]*Leap status +: Normal`),
    find: async (machines) =>
      answer(machines, async () => {
        const text = await log('tracking')(machines);
        if (!text.includes('Leap status')) throw new Error('chronyc still waits');
        return text.slice(text.indexOf('Reference ID'));
      }),
  },
  {
    check: 'chrony: the kernel knows that its clock is right',
    expected: /^ *status: +\d+/,
    find: said('device', 'the clock of the kernel'),
  },
  {
    check: 'chrony: a clock that was an hour behind is right',
    expected: /^(?:\d|[1-5]\d) s off$/,
    find: async (machines) => {
      const seconds = Number(await answer(machines, () => byKey(machines, '/usr/bin/busybox date +%s')));
      return `${Math.round(Math.abs(Date.now() / 1000 - seconds))} s off`;
    },
  },
];

/** Looks at everything, whatever is found. */
export const runChecks = async (machines: Machines, onRow: (row: Row) => void): Promise<Row[]> => {
  await waitFor(machines, 'device', /^all probed/m);
  const rows: Row[] = [];
  for (const { check, expected, find } of [...machines.names.map(probe), ...COMPONENTS]) {
    const found = await find(machines).catch(messageOf);
    const row = { check, ok: expected.test(found), expected: expected.source, found };
    rows.push(row);
    onRow(row);
  }
  return rows;
};
