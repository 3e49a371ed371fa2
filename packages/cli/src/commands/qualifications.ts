import type { Command } from 'commander';
import type { Client } from '@slipway/client';
import { ChannelName, ERRORS, isQualificationOver, type Qualification } from '@slipway/protocol';
import { z } from 'zod';
import { Ended, leaf, print, word, type MakeContext } from '../command.ts';
import { connect, type Context } from '../context.ts';
import { follow } from '../follow.ts';
import { facts, table, time } from '../table.ts';

const seconds = (count: number): string => `${count.toFixed(1)} s`;

/** In a line, for lists of facts. */
export const qualificationLine = ({ state, step, code, reason }: Qualification): string =>
  [state, step ?? code, reason].filter((part) => part !== null).join(', ');

const total = (steps: Qualification['steps'], of: 'seconds' | 'cpuSeconds'): number =>
  steps.reduce((sum, step) => sum + step[of], 0);

export const totalSeconds = (steps: Qualification['steps']): string => seconds(total(steps, 'seconds'));

/** What each step took; nothing where there was none. */
export const timings = ({ steps }: Qualification): string[] =>
  steps.length === 0
    ? []
    : [
        table(
          ['step', 'took', 'processor time'],
          [
            ...steps.map(({ step, ...took }) => [step, seconds(took.seconds), seconds(took.cpuSeconds)]),
            ['in all', totalSeconds(steps), seconds(total(steps, 'cpuSeconds'))],
          ],
        ),
      ];

const earlierRounds = ({ earlier = [] }: Qualification): string[] =>
  earlier.length === 0
    ? []
    : [
        table(
          ['earlier round', 'state', 'code', 'ended'],
          earlier.map(({ round, state, code, finishedAt }) => [
            String(round),
            state,
            code ?? '-',
            finishedAt === null ? '-' : time(finishedAt),
          ]),
        ),
      ];

const show = (qualification: Qualification): string =>
  [
    facts({
      release: qualification.release,
      qualification: qualification.state,
      'updated from': qualification.from,
      reason: qualification.reason,
      code: qualification.code,
      message: qualification.message,
      step: qualification.step,
      worker: qualification.worker,
      asked: time(qualification.createdAt),
      ended: qualification.finishedAt === null ? null : time(qualification.finishedAt),
    }),
    ...timings(qualification),
    ...earlierRounds(qualification),
  ].join('\n\n');

/** Tells each step. @returns what came out */
export const untilQualified = (context: Context, client: Client, id: string): Promise<Qualification> => {
  let told = '';
  return follow(context, client, async () => {
    const qualification = await client.releases.getQualification(id);
    const line = qualificationLine(qualification);
    if (!context.json && line !== told && !isQualificationOver(qualification)) context.out(line);
    told = line;
    return isQualificationOver(qualification) ? qualification : undefined;
  });
};

/** Ends with what came out; where it failed, with the status of that. */
const watch = async (context: Context, client: Client, id: string): Promise<void> => {
  const ended = await untilQualified(context, client, id);
  print(context, ended, () => show(ended));
  if (ended.state === 'failed') throw new Ended(ERRORS.QUALIFICATION_FAILED.exit);
};

/** Of `slipway releases`. */
export const qualificationCommands = (releases: Command, makeContext: MakeContext): void => {
  leaf(releases, makeContext, {
    usage: 'qualify <release>',
    summary: 'try a release in a virtual device, as an update of the release before',
    options: z.object({ channel: ChannelName.optional(), watch: z.boolean().optional() }),
    build: (command) =>
      command
        .option('--channel <name>', 'update from the current release of that channel of its class')
        .option('--watch', 'follow it to its end; also one that is under way'),
    run: async (context, words, options) => {
      const client = await connect(context);
      const id = word(words, 0);
      const before = await client.releases.getQualification(id);
      const isUnderWay = options.watch === true && !isQualificationOver(before);
      if (!isUnderWay) {
        const { channel } = options;
        const asked = await client.releases.qualify(id, channel === undefined ? {} : { channel });
        if (options.watch !== true) return print(context, asked, () => show(asked));
      }
      await watch(context, client, id);
    },
  });
  leaf(releases, makeContext, {
    usage: 'console <release>',
    summary: 'print what the virtual device printed while a release was qualified',
    options: z.object({}),
    run: async (context, words) => {
      const id = word(words, 0);
      const text = (await (await connect(context)).releases.getConsole(id)).replace(/\n$/, '');
      context.out(context.json ? JSON.stringify({ release: id, console: text }) : text);
    },
  });
};
