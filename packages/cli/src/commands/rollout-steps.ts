import type { Command } from 'commander';
import type { Client } from '@slipway/client';
import { OnFailure, RolloutChange, SlipwayError, type Rollout } from '@slipway/protocol';
import { z } from 'zod';
import { leaf, print, wholeNumber, word, type MakeContext } from '../command.ts';
import { connect } from '../context.ts';
import { showRollout, failureTable, rolloutFacts } from '../describe-rollout.ts';
import {
  afterAbort,
  afterApproval,
  afterLimits,
  afterPause,
  afterResume,
  afterRollback,
} from '../rollout-consequences.ts';
import { momentOf, percentOf, secondsOf } from '../rollout-plan.ts';
import { watchRollout } from '../watch-rollout.ts';

/** What is done with a rollout by one request, and told with what follows from it. */
type Step = {
  readonly name: string;
  readonly summary: string;
  /** what may be said with it: its option, and what it is for */
  readonly says?: readonly ['reason' | 'comment', string];
  readonly does: (client: Client, id: string, said: string | undefined) => Promise<Rollout>;
  readonly tells: (rollout: Rollout) => string;
};

const reason = (said: string | undefined) => (said === undefined ? {} : { reason: said });

const STEPS: readonly Step[] = [
  {
    name: 'pause',
    summary: 'offer nothing more for now; devices under way go on',
    says: ['reason', 'why, for those who look at it'],
    does: (client, id, said) => client.rollouts.pause(id, reason(said)),
    tells: afterPause,
  },
  {
    name: 'resume',
    summary: 'go on with a rollout that was paused',
    does: (client, id) => client.rollouts.resume(id),
    tells: afterResume,
  },
  {
    name: 'approve',
    summary: 'let a rollout, or its next wave, begin; somebody else than who created it',
    says: ['comment', 'kept with the approval'],
    does: (client, id, said) => client.rollouts.approve(id, said === undefined ? {} : { comment: said }),
    tells: afterApproval,
  },
  {
    name: 'rollback',
    summary: 'end a rollout and bring devices that committed back to the release before it',
    says: ['reason', 'why, for those who look at it'],
    does: (client, id, said) => client.rollouts.rollback(id, reason(said)),
    tells: afterRollback,
  },
];

export const rolloutStepCommands = (rollouts: Command, makeContext: MakeContext): void => {
  for (const { name, summary, says, does, tells } of STEPS)
    leaf(rollouts, makeContext, {
      usage: `${name} <rollout>`,
      summary,
      options: z.object({ reason: z.string().optional(), comment: z.string().optional() }),
      build: (command) => (says === undefined ? command : command.option(`--${says[0]} <text>`, says[1])),
      run: async (context, words, said) => {
        const rollout = await does(await connect(context), word(words, 0), said.reason ?? said.comment);
        print(context, rollout, () => tells(rollout));
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
        const seen = await watchRollout(context, client, rollout.id);
        print(context, seen, () => showRollout(seen, context.columns));
      } else print(context, rollout, () => afterAbort(rollout));
    },
  });
  leaf(rollouts, makeContext, {
    usage: 'limits <rollout>',
    summary: 'change how fast a rollout goes and what stops it; what is not named stays',
    options: z.object({
      failureThreshold: z.int().min(1).optional(),
      failurePercent: z.string().optional(),
      maxInFlight: z.int().min(1).optional(),
      maxPerMinute: z.string().optional(),
      offlinePatience: z.string().optional(),
      priority: z.int().min(0).max(100).optional(),
      onFailure: OnFailure.optional(),
      endAt: z.string().optional(),
    }),
    build: (command) =>
      command
        .option('--failure-threshold <n>', 'failed devices that stop it', wholeNumber)
        .option(
          '--failure-percent <share>',
          'the same as a share of the devices of the waves that have begun; none for none',
        )
        .option('--max-in-flight <n>', 'devices under way at once', wholeNumber)
        .option('--max-per-minute <n>', 'devices that are offered the release within a minute; none for none')
        .option(
          '--offline-patience <time>',
          'how long a wave waits for devices that are not connected, such as 2d; none for ever',
        )
        .option('--priority <n>', 'which rollout goes first on a device: 0 to 100', wholeNumber)
        .option('--on-failure <what>', 'stop, pause, or rollback: devices that committed go back')
        .option('--end-at <time>', 'nothing is offered after it; none for never'),
    run: async (context, words, { failurePercent, maxPerMinute, offlinePatience, endAt, ...limits }) => {
      const change = RolloutChange.parse({
        ...Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined)),
        ...(failurePercent === undefined
          ? {}
          : {
              failurePercent: failurePercent === 'none' ? null : percentOf('failure-percent', failurePercent),
            }),
        ...(maxPerMinute === undefined
          ? {}
          : { maxPerMinute: maxPerMinute === 'none' ? null : wholeNumber(maxPerMinute) }),
        ...(offlinePatience === undefined
          ? {}
          : {
              offlinePatienceSeconds:
                offlinePatience === 'none' ? null : secondsOf('offline-patience', offlinePatience),
            }),
        ...(endAt === undefined
          ? {}
          : { endAt: endAt === 'none' ? null : momentOf('end-at', endAt, new Date()) }),
      });
      if (Object.keys(change).length === 0)
        throw new SlipwayError('USAGE', 'Expected a limit to change. See slipway rollouts limits --help.');
      const rollout = await (await connect(context)).rollouts.update(word(words, 0), change);
      print(context, rollout, () => `${rolloutFacts(rollout)}\n\n${afterLimits(rollout)}`);
    },
  });
  leaf(rollouts, makeContext, {
    usage: 'failures <rollout>',
    summary: 'show why devices failed: by code, with some of the devices',
    options: z.object({}),
    run: async (context, words) => {
      const failures = await (await connect(context)).rollouts.listFailures(word(words, 0));
      print(context, failures, () =>
        failures.length === 0 ? 'No device has failed.' : failureTable(failures, context.columns),
      );
    },
  });
};
