import type { Command } from 'commander';
import {
  DEFAULT_PROFILE,
  SigningProfile,
  SlipwayError,
  type Authority,
  type RotationProgress,
} from '@slipway/protocol';
import { z } from 'zod';
import { leaf, print, word, type MakeContext } from '../command.ts';
import { connectToInstance, dataDirectory, type Context } from '../context.ts';
import type { Rotated } from '../rotate/key-files.ts';
import { offlineDirectory } from '../rotate/offline-option.ts';
import { table } from '../table.ts';

/** As much of an id as tells keys apart. */
const SHORT = 16;

/** As the server of the data directory counts; undefined: it does not run, or does not let us ask. */
const progressOf = async (
  context: Context,
  dataDir: string,
  purpose: Authority,
  profile: SigningProfile,
): Promise<RotationProgress | undefined> => {
  try {
    const client = await connectToInstance(context, dataDir);
    return (await client.keys.listRotations()).find(
      (one) => one.purpose === purpose && (one.profile ?? DEFAULT_PROFILE) === profile,
    );
  } catch {
    return undefined;
  }
};

const counted = (progress: RotationProgress | undefined): string =>
  progress === undefined
    ? 'How many devices have followed is not known: the server cannot be asked.'
    : `${progress.following} of ${progress.devices} devices have followed.`;

const changes = (rotated: readonly Rotated[]): string =>
  table(
    ['key', 'before', 'after'],
    rotated.map(({ name, before, after }) => [name, before.slice(0, SHORT), after.slice(0, SHORT)]),
  );

export const rotateCommand = (keys: Command, makeContext: MakeContext): void => {
  leaf(keys, makeContext, {
    usage: 'rotate <what>',
    summary: 'make the next key of something, or do the next step of it, in a data directory',
    options: z.object({
      data: z.string().optional(),
      offline: z.string().optional(),
      profile: SigningProfile.default(DEFAULT_PROFILE),
      step: z.enum(['rotate', 'begin', 'switch', 'finish']).optional(),
      dryRun: z.boolean().optional(),
      force: z.boolean().optional(),
    }),
    build: (command) =>
      command
        .description(
          'Makes the next key in a data directory: of release-signer, release-intermediate or servers in one step; of release-root, server-authority and device-authority in steps, each of which is done when all devices have followed the one before. The instance uses it from its next start on.',
        )
        .option('--data <folder>', 'data directory of the instance (SLIPWAY_DATA)')
        .option(
          '--offline <folder>',
          'where the keys of release root and intermediate are, such as a medium (default: signer/offline of the data directory)',
        )
        .option('--profile <name>', 'the signing profile whose release keys these are (default: default)')
        .option('--step <step>', 'do this step or nothing: rotate, begin, switch or finish')
        .option('--dry-run', 'only say what would be done, and what it means')
        .option('--force', 'do it although devices have not followed'),
    run: async (context, words, options) => {
      const what = word(words, 0);
      const { mendFolders, requireFollowers, requireProfile, ROTATIONS } =
        await import('../rotate/rotations.ts');
      const planOf = ROTATIONS[what];
      if (planOf === undefined)
        throw new SlipwayError(
          'USAGE',
          `There is no ${what} to rotate; expected one of ${Object.keys(ROTATIONS).join(', ')}. See docs/keys.md.`,
        );
      const dataDir = await dataDirectory(context, options.data);
      const { profile } = options;
      if (profile !== DEFAULT_PROFILE && !what.startsWith('release-'))
        throw new SlipwayError(
          'USAGE',
          `Signing profiles have keys for releases, and no ${what}: leave --profile out.`,
        );
      const places = { dataDir, offlineDir: offlineDirectory(context, dataDir, options.offline), profile };
      await mendFolders(places);
      await requireProfile(places);
      const plan = await planOf(places);
      const { step, consequences, followers } = plan;
      if (options.step !== undefined && options.step !== step)
        throw new SlipwayError(
          'USAGE',
          `The step that is due for the ${what} is ${step}, not ${options.step}. Nothing was done.`,
        );
      const progress =
        followers === undefined ? undefined : await progressOf(context, dataDir, followers, profile);
      const said = [
        `${what}${profile === DEFAULT_PROFILE ? '' : ` of ${profile}`}: ${step}`,
        ...consequences.map((line) => `- ${line}`),
        ...(followers === undefined ? [] : [`- ${counted(progress)}`]),
      ];
      const facts = { dataDir, what, profile, step, consequences, progress: progress ?? null };
      if (options.dryRun === true) {
        print(context, { ...facts, dryRun: true, rotated: [] }, () =>
          [...said, 'Nothing was done: --dry-run.'].join('\n'),
        );
        return;
      }
      if (followers !== undefined && options.force !== true) requireFollowers(followers, step, progress);
      const rotated = await plan.run();
      print(context, { ...facts, dryRun: false, rotated }, () =>
        [...said, '', changes(rotated), 'Restart the instance: until then it works with what it has.'].join(
          '\n',
        ),
      );
    },
  });
};
