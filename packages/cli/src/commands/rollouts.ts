import type { Command } from 'commander';
import { ExecutionState } from '@slipway/protocol';
import { z } from 'zod';
import { leaf, print, wholeNumber, word, type MakeContext } from '../command.ts';
import { connect } from '../context.ts';
import { showRollout, executionTable, rolloutLine, ROLLOUT_HEADINGS } from '../describe-rollout.ts';
import { refuseBadEnd } from '../rollout-end.ts';
import { describePolicy, policyOf, policyOptions, withPolicyOptions } from '../rollout-policy.ts';
import { facts, table } from '../table.ts';
import { waveTable } from '../wave-table.ts';
import { seeRollout, watchRollout } from '../watch-rollout.ts';
import { watchList } from '../watch.ts';
import { rolloutCreateCommands } from './rollout-create.ts';
import { rolloutStepCommands } from './rollout-steps.ts';

/** One more than are shown tells that there are more. */
const SHOWN = 51;

export const rolloutCommands = (program: Command, makeContext: MakeContext): void => {
  const rollouts = program
    .command('rollouts')
    .summary('bring releases to devices')
    .description('Bring a published release to devices, all at once or in waves.');
  rolloutCreateCommands(rollouts, makeContext);
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
      if (options.watch) await watchList(context, client, look, ROLLOUT_HEADINGS, rolloutLine);
      const found = await look();
      print(context, found, () => table(ROLLOUT_HEADINGS, found.map(rolloutLine), context.columns));
    },
  });
  leaf(rollouts, makeContext, {
    usage: 'show <rollout>',
    summary: 'show a rollout, its waves and its devices',
    options: z.object({ watch: z.boolean().default(false) }),
    build: (command) =>
      command.option('-w, --watch', 'wait for the end; its status tells why it did not complete'),
    run: async (context, words, options) => {
      const client = await connect(context);
      const id = word(words, 0);
      const seen = options.watch
        ? await watchRollout(context, client, id)
        : await seeRollout(client, id, context.json ? Number.POSITIVE_INFINITY : SHOWN);
      print(context, seen, () => showRollout(seen, context.columns));
      if (options.watch) refuseBadEnd(seen.rollout, seen.failures);
    },
  });
  leaf(rollouts, makeContext, {
    usage: 'waves <rollout>',
    summary: 'show how far the waves of a rollout are',
    options: z.object({}),
    run: async (context, words) => {
      const waves = await (await connect(context)).rollouts.listWaves(word(words, 0));
      print(context, waves, () => waveTable(waves, context.columns));
    },
  });
  leaf(rollouts, makeContext, {
    usage: 'executions <rollout>',
    summary: 'list the devices of a rollout and how far each is',
    options: z.object({
      wave: z.int().min(1).optional(),
      state: ExecutionState.optional(),
      code: z.string().optional(),
    }),
    build: (command) =>
      command
        .option('--wave <n>', 'only of this wave; the first is 1', wholeNumber)
        .option('--state <state>', 'only those in this state, such as FAILED')
        .option('--code <code>', 'only those with this code'),
    run: async (context, words, { wave, ...rest }) => {
      const filter = { ...rest, ...(wave === undefined ? {} : { wave: wave - 1 }) };
      const client = await connect(context);
      const executions = await client.rollouts.listExecutions(word(words, 0), filter).all();
      print(context, executions, () => executionTable(executions, context.columns));
    },
  });
  rolloutStepCommands(rollouts, makeContext);
};
