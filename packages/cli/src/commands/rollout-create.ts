import type { Command } from 'commander';
import { ChannelName, DeviceId, ReleaseId, SlipwayError, type RolloutCreate } from '@slipway/protocol';
import { z } from 'zod';
import { collect, leaf, print, word, type MakeContext } from '../command.ts';
import { connect, type Context } from '../context.ts';
import { describePreview, previewLine } from '../describe-preview.ts';
import { showRollout, rolloutLine, ROLLOUT_HEADINGS } from '../describe-rollout.ts';
import { afterCreate } from '../rollout-consequences.ts';
import {
  planOf,
  planOptions,
  timeOptions,
  timesOf,
  withPlanOptions,
  withTimeOptions,
} from '../rollout-plan.ts';
import { policyOf, policyOptions, withPolicyOptions } from '../rollout-policy.ts';
import { table } from '../table.ts';
import { refuseBadEnd } from '../rollout-end.ts';
import { watchRollout } from '../watch-rollout.ts';

const rolloutOptions = {
  device: z.array(DeviceId).optional(),
  group: z.string().optional(),
  query: z.string().optional(),
  channel: ChannelName.optional(),
  force: z.boolean().optional(),
  ...planOptions,
  ...timeOptions,
  ...policyOptions,
};
type RolloutOptions = z.infer<z.ZodObject<typeof rolloutOptions>>;

const withRolloutOptions = (command: Command): Command =>
  withPolicyOptions(
    withTimeOptions(
      withPlanOptions(
        command
          .option('-d, --device <id>', 'only to this device; may be given again', collect)
          .option('-g, --group <group>', 'only to devices of this group')
          .option('-q, --query <query>', 'only to devices that this finds while the rollout runs')
          .option('--channel <name>', 'only to devices that follow this channel of their class')
          .option('--force', 'also a deprecated release'),
      ),
    ),
  );

/** @throws {SlipwayError} USAGE, NOT_FOUND, SPEC_SYNTAX, SPEC_INVALID */
const askedFor = async (
  context: Context,
  name: string,
  options: RolloutOptions,
): Promise<z.input<typeof RolloutCreate>> => {
  const release = ReleaseId.safeParse(name);
  if (!release.success) throw new SlipwayError('USAGE', `${name} is no id of a release (rel_…).`);
  const { device, group, query, channel, force } = options;
  return {
    release: release.data,
    ...(device === undefined ? {} : { devices: device }),
    ...(group === undefined ? {} : { group }),
    ...(query === undefined ? {} : { query }),
    ...(channel === undefined ? {} : { channel }),
    ...(force === undefined ? {} : { force }),
    ...(await planOf(context.cwd, options)),
    ...timesOf(options, new Date()),
    policy: policyOf(options),
  };
};

const showPreview = async (context: Context, name: string, options: RolloutOptions): Promise<void> => {
  const asked = await askedFor(context, name, options);
  const preview = await (await connect(context)).rollouts.preview(asked);
  print(context, preview, () => describePreview(preview, context.columns));
};

export const rolloutCreateCommands = (rollouts: Command, makeContext: MakeContext): void => {
  leaf(rollouts, makeContext, {
    usage: 'create <release>',
    summary: 'roll a release out, to every device of its class unless told otherwise',
    options: z.object({
      ...rolloutOptions,
      dryRun: z.boolean().default(false),
      watch: z.boolean().default(false),
    }),
    build: (command) =>
      withRolloutOptions(command)
        .option('--dry-run', 'start nothing; print what it would do, as rollouts preview')
        .option('-w, --watch', 'wait for the end; its status tells why it did not complete'),
    run: async (context, words, { dryRun, watch, ...options }) => {
      if (dryRun) {
        await showPreview(context, word(words, 0), options);
        return;
      }
      const client = await connect(context);
      const asked = await askedFor(context, word(words, 0), options);
      if (!context.json) context.out(previewLine(await client.rollouts.preview(asked)));
      const rollout = await client.rollouts.create(asked);
      if (watch) {
        const seen = await watchRollout(context, client, rollout.id);
        print(context, seen, () => showRollout(seen, context.columns));
        refuseBadEnd(seen.rollout, seen.failures);
        return;
      }
      print(context, rollout, () =>
        [table(ROLLOUT_HEADINGS, [rolloutLine(rollout)], context.columns), afterCreate(rollout)]
          .filter((text) => text !== undefined)
          .join('\n'),
      );
    },
  });
  leaf(rollouts, makeContext, {
    usage: 'preview <release>',
    summary: 'show what a rollout would do: devices, routes, bytes and time, in all and of each wave',
    options: z.object(rolloutOptions),
    build: withRolloutOptions,
    run: (context, words, options) => showPreview(context, word(words, 0), options),
  });
};
