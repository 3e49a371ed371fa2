import type { Command } from 'commander';
import { SigningProfile, SlipwayError, type SigningProfileUse } from '@slipway/protocol';
import { z } from 'zod';
import { leaf, print, word, type MakeContext } from '../command.ts';
import { connect, dataDirectory } from '../context.ts';
import { offlineDirectory } from '../rotate/offline-option.ts';
import { facts, table } from '../table.ts';

/** As much of an id as tells keys apart. */
const SHORT = 16;

const line = ({ name, root, classes }: SigningProfileUse): string[] => [
  name,
  root?.slice(0, SHORT) ?? '-',
  classes.join(', ') || '-',
];

/** @throws {SlipwayError} USAGE */
const nameIn = (words: readonly string[]): SigningProfile => {
  const name = SigningProfile.safeParse(word(words, 0));
  if (name.success) return name.data;
  throw new SlipwayError(
    'USAGE',
    `Expected the name of a signing profile: lower-case letters, digits and hyphens, at most 63; found ${JSON.stringify(word(words, 0))}.`,
  );
};

export const profileCommands = (keys: Command, makeContext: MakeContext): void => {
  const profiles = keys
    .command('profile')
    .summary('keys of their own for some device classes')
    .description(
      'Signing profiles: a release root with what is below it, and keys of Secure Boot. A class file names one by signing.',
    );
  leaf(profiles, makeContext, {
    usage: 'list',
    summary: 'list the profiles of the server, and the classes that have releases by each',
    options: z.object({}),
    run: async (context) => {
      const found = await (await connect(context)).keys.listProfiles();
      print(context, found, () => table(['profile', 'root', 'classes'], found.map(line), context.columns));
    },
  });
  leaf(profiles, makeContext, {
    usage: 'create <name>',
    summary: 'make the keys of a profile in a data directory',
    options: z.object({ data: z.string().optional(), offline: z.string().optional() }),
    build: (command) =>
      command
        .description(
          'Makes a release root, an intermediate and a signer, and keys of Secure Boot, in a data directory. The instance knows the profile from its next start on.',
        )
        .option('--data <folder>', 'data directory of the instance (SLIPWAY_DATA)')
        .option(
          '--offline <folder>',
          'where the keys of root and intermediate go, such as a medium, below profiles/NAME (default: signer/offline of the data directory)',
        ),
    run: async (context, words, options) => {
      const { makeProfile } = await import('../rotate/make-profile.ts');
      const { mendFolders } = await import('../rotate/key-files.ts');
      const profile = nameIn(words);
      const dataDir = await dataDirectory(context, options.data);
      const places = { dataDir, offlineDir: offlineDirectory(context, dataDir, options.offline), profile };
      await mendFolders(places);
      const made = await makeProfile(places);
      print(context, made, () =>
        [
          facts({
            profile: made.profile,
            root: made.root,
            'devices trust': made.rootFile,
            'devices with Secure Boot enrol': made.secureBootDir,
            'keep offline': made.offlineDir,
          }),
          '',
          `Restart the instance, then name it in class files: signing: ${made.profile}`,
        ].join('\n'),
      );
    },
  });
};
