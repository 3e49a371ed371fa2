import type { Command } from 'commander';
import type { Client } from '@slipway/client';
import {
  ChannelName,
  DeviceId,
  ReleaseId,
  SlipwayError,
  type Execution,
  type Rollout,
} from '@slipway/protocol';
import { z } from 'zod';
import { collect, leaf, print, wholeNumber, word, type MakeContext } from '../command.ts';
import { connect, type Context } from '../context.ts';
import { follow } from '../follow.ts';
import { describePolicy, policyOf, policyOptions, withPolicyOptions } from '../rollout-policy.ts';
import { facts, size, table, time } from '../table.ts';
import { watchList } from '../watch.ts';

const counted = ({ counts, waiting }: Rollout): string =>
  [
    ...Object.entries(counts),
    ...(waiting === undefined || waiting === 0 ? [] : [['waiting', waiting] as const]),
  ]
    .map(([state, count]) => `${count} ${state}`)
    .join(', ');

const tellWait = ({ rollout, devices, until }: Rollout['waitsFor'][number]): string =>
  `${rollout}, on ${devices} ${devices === 1 ? 'device' : 'devices'}, until ${time(until)} at most`;

const HEADINGS = ['rollout', 'class', 'version', 'state', 'created', 'devices', ''];
const line = (rollout: Rollout): string[] => [
  rollout.id,
  rollout.deviceClass,
  rollout.version,
  rollout.state,
  time(rollout.createdAt),
  counted(rollout),
  rollout.reason ??
    (rollout.waitsFor.length === 0 ? '' : `waits for ${rollout.waitsFor.map(tellWait).join('; ')}`),
];
const executionLine = (execution: Execution): string[] => [
  execution.device,
  execution.state,
  `${size(execution.bytesDone)} of ${size(execution.bytesTotal)}`,
  `${size(execution.bytesReceived)} / ${size(execution.bytesReused)}`,
  time(execution.updatedAt),
  execution.code === null ? '' : `${execution.code}: ${execution.message ?? ''}`,
];

type Seen = { readonly rollout: Rollout; readonly executions: Execution[] };
const see = async (client: Client, id: string): Promise<Seen> => {
  const [rollout, executions] = await Promise.all([
    client.rollouts.get(id),
    client.rollouts.listExecutions(id).all(),
  ]);
  return { rollout, executions };
};

const show = ({ rollout, executions }: Seen, columns: number | undefined): string =>
  [
    facts({
      rollout: rollout.id,
      release: rollout.release,
      class: rollout.deviceClass,
      version: rollout.version,
      channel: rollout.channel,
      group: rollout.group,
      query: rollout.query,
      within: rollout.within?.join(', '),
      state: rollout.state,
      reason: rollout.reason,
      'stops at': `${rollout.failureThreshold} failed`,
      'at once': rollout.maxInFlight,
      policy: describePolicy(rollout.policy),
      waiting: rollout.waiting,
      'waits for': rollout.waitsFor.map(tellWait).join('; ') || null,
      created: time(rollout.createdAt),
      finished: rollout.finishedAt === null ? null : time(rollout.finishedAt),
    }),
    '',
    table(
      ['device', 'state', 'in place', 'received / reused', 'updated', ''],
      executions.map(executionLine),
      columns,
    ),
  ].join('\n');

/** Until nothing moves any more: also devices that were in their trial when the rollout stopped. */
const watch = async (context: Context, client: Client, id: string): Promise<Seen> => {
  const shown = new Map<string, string>();
  return follow(context, client, async () => {
    const seen = await see(client, id);
    for (const { device, state, code } of seen.executions) {
      const text = code === null ? state : `${state} ${code}`;
      if (!context.json && shown.get(device) !== text) context.err(`${device}  ${text}`);
      shown.set(device, text);
    }
    const moving = seen.executions.some(({ state }) => state === 'REBOOTING' || state === 'TRIAL');
    return seen.rollout.state === 'running' || moving ? undefined : seen;
  });
};

const refuseUnfinished = ({ id, state, reason }: Rollout): void => {
  if (state === 'completed' || state === 'running') return;
  throw new SlipwayError('TRIAL_GATE_FAILED', `Rollout ${id} ${state}: ${reason ?? ''}`, {
    details: { rollout: id },
  });
};

export const rolloutCommands = (program: Command, makeContext: MakeContext): void => {
  const rollouts = program
    .command('rollouts')
    .summary('bring releases to devices')
    .description('Bring a published release to devices.');
  leaf(rollouts, makeContext, {
    usage: 'create <release>',
    summary: 'roll a release out, to every device of its class unless told otherwise',
    options: z.object({
      device: z.array(DeviceId).optional(),
      group: z.string().optional(),
      query: z.string().optional(),
      channel: ChannelName.optional(),
      force: z.boolean().default(false),
      failureThreshold: z.int().min(1).optional(),
      maxInFlight: z.int().min(1).optional(),
      conflictPatience: z.int().min(1).optional(),
      watch: z.boolean().default(false),
      ...policyOptions,
    }),
    build: (command) =>
      withPolicyOptions(
        command
          .option('-d, --device <id>', 'only to this device; may be given again', collect)
          .option('-g, --group <group>', 'only to devices of this group')
          .option('-q, --query <query>', 'only to devices that this finds while the rollout runs')
          .option('--channel <name>', 'only to devices that follow this channel of their class')
          .option('--force', 'also a deprecated release')
          .option('--failure-threshold <n>', 'failed devices that stop the rollout (1)', wholeNumber)
          .option('--max-in-flight <n>', 'devices under way at once (100)', wholeNumber)
          .option(
            '--conflict-patience <seconds>',
            'how long to wait for a device that takes a release of another rollout (86400)',
            wholeNumber,
          )
          .option('-w, --watch', 'wait for the end; exit 1 unless it completed'),
      ),
    run: async (context, words, options) => {
      const {
        watch: keepOn,
        device,
        group,
        query,
        channel,
        force,
        failureThreshold,
        maxInFlight,
        conflictPatience,
        ...rest
      } = options;
      const policy = policyOf(rest);
      const client = await connect(context);
      const release = ReleaseId.safeParse(word(words, 0));
      if (!release.success)
        throw new SlipwayError('USAGE', `${word(words, 0)} is no id of a release (rel_…).`);
      const rollout = await client.rollouts.create({
        release: release.data,
        ...(device === undefined ? {} : { devices: device }),
        ...(group === undefined ? {} : { group }),
        ...(query === undefined ? {} : { query }),
        ...(channel === undefined ? {} : { channel }),
        ...(force ? { force } : {}),
        ...(failureThreshold === undefined ? {} : { failureThreshold }),
        ...(maxInFlight === undefined ? {} : { maxInFlight }),
        ...(conflictPatience === undefined ? {} : { conflictPatienceSeconds: conflictPatience }),
        policy,
      });
      if (!keepOn) {
        print(context, rollout, () => table(HEADINGS, [line(rollout)], context.columns));
        return;
      }
      const seen = await watch(context, client, rollout.id);
      print(context, seen, () => show(seen, context.columns));
      refuseUnfinished(seen.rollout);
    },
  });
  leaf(rollouts, makeContext, {
    usage: 'policy <rollout>',
    summary: 'change when and how devices take the release; what is not named holds no more',
    options: z.object(policyOptions),
    build: withPolicyOptions,
    run: async (context, words, options) => {
      const policy = policyOf(options);
      const rollout = await (await connect(context)).rollouts.replacePolicy(word(words, 0), policy);
      print(context, rollout, () =>
        facts({ rollout: rollout.id, policy: describePolicy(rollout.policy) ?? 'at once' }),
      );
    },
  });
  leaf(rollouts, makeContext, {
    usage: 'list',
    summary: 'list rollouts, newest first',
    options: z.object({ watch: z.boolean().default(false) }),
    build: (command) => command.option('-w, --watch', 'go on showing what changes, until Ctrl-C'),
    run: async (context, _words, options) => {
      const client = await connect(context);
      const look = () => client.rollouts.list().all();
      if (options.watch) await watchList(context, client, look, HEADINGS, line);
      const found = await look();
      print(context, found, () => table(HEADINGS, found.map(line), context.columns));
    },
  });
  leaf(rollouts, makeContext, {
    usage: 'show <rollout>',
    summary: 'show a rollout and its devices',
    options: z.object({ watch: z.boolean().default(false) }),
    build: (command) => command.option('-w, --watch', 'wait for the end; exit 1 unless it completed'),
    run: async (context, words, options) => {
      const client = await connect(context);
      const id = word(words, 0);
      const seen = options.watch ? await watch(context, client, id) : await see(client, id);
      print(context, seen, () => show(seen, context.columns));
      if (options.watch) refuseUnfinished(seen.rollout);
    },
  });
  leaf(rollouts, makeContext, {
    usage: 'abort <rollout>',
    summary: 'abort a rollout; devices in their trial finish it',
    options: z.object({ watch: z.boolean().default(false) }),
    build: (command) => command.option('-w, --watch', 'wait until no device moves any more'),
    run: async (context, words, options) => {
      const client = await connect(context);
      const rollout = await client.rollouts.abort(word(words, 0));
      if (options.watch) {
        const seen = await watch(context, client, rollout.id);
        print(context, seen, () => show(seen, context.columns));
      } else print(context, rollout, () => table(HEADINGS, [line(rollout)], context.columns));
    },
  });
};
