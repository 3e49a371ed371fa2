import type { Command } from 'commander';
import { z } from 'zod';
import { leaf, print, word, type MakeContext } from '../command.ts';
import { connect } from '../context.ts';
import { showRollout, failureTable } from '../describe-rollout.ts';
import { afterAbort } from '../rollout-consequences.ts';
import { watchRollout } from '../watch-rollout.ts';

export const rolloutStepCommands = (rollouts: Command, makeContext: MakeContext): void => {
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
