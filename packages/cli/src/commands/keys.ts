import type { Command } from 'commander';
import { KeyPurpose, KeyState, SlipwayError, type Key } from '@slipway/protocol';
import { z } from 'zod';
import { leaf, print, word, type MakeContext } from '../command.ts';
import { connect, dataDirectory } from '../context.ts';
import { facts, table, time } from '../table.ts';

const DAY_MS = 86_400_000;
/** As much of an id as tells keys apart. */
const SHORT = 16;

const daysLeft = ({ notAfter }: Key): number => Math.floor((Date.parse(notAfter) - Date.now()) / DAY_MS);

const HEADINGS = ['key', 'purpose', 'state', 'days left', 'last used', 'subject'];
const line = (key: Key): string[] => [
  key.id.slice(0, SHORT),
  key.purpose,
  key.state,
  String(daysLeft(key)),
  time(key.lastUsedAt),
  key.subject,
];
const show = (key: Key): string =>
  `${facts({
    key: key.id,
    purpose: key.purpose,
    state: key.state,
    subject: key.subject,
    serial: key.serial,
    'not before': time(key.notBefore),
    'not after': `${time(key.notAfter)}, ${daysLeft(key)} days left`,
    'first seen': time(key.firstSeenAt),
    'last used': time(key.lastUsedAt),
    releases: key.purpose === 'release-signer' ? (key.releases ?? null) : null,
    devices: key.purpose === 'release-signer' ? (key.devices ?? null) : null,
  })}\n${key.certificate.trimEnd()}`;

export const keyCommands = (program: Command, makeContext: MakeContext): void => {
  const keys = program
    .command('keys')
    .summary('what the server signs with and is trusted by')
    .description('Certificates of releases, devices and servers, those of before too. Never a private key.');
  leaf(keys, makeContext, {
    usage: 'list',
    summary: 'list keys by purpose, and how long their certificates last',
    options: z.object({ purpose: KeyPurpose.optional(), state: KeyState.optional() }),
    build: (command) =>
      command
        .option('--purpose <purpose>', `only these: ${KeyPurpose.options.join(', ')}`)
        .option('--state <state>', `only these: ${KeyState.options.join(', ')}`),
    run: async (context, _words, options) => {
      const found = await (await connect(context)).keys.list(options).all();
      print(context, found, () => table(HEADINGS, found.map(line), context.columns));
    },
  });
  leaf(keys, makeContext, {
    usage: 'show <key>',
    summary: 'show a key by the beginning of its id, with its certificate',
    options: z.object({}),
    run: async (context, words) => {
      const key = await (await connect(context)).keys.get(word(words, 0));
      print(context, key, () => show(key));
    },
  });
  leaf(keys, makeContext, {
    usage: 'rotate <what>',
    summary: 'make the next key of the release signer, or of the servers, in a data directory',
    options: z.object({ data: z.string().optional() }),
    build: (command) =>
      command
        .description(
          'Makes the next key of the release signer (release-signer), or those of server, broker and gateway (servers), in a data directory. It is used from the next start of the instance on. What devices trust stays.',
        )
        .option('--data <folder>', 'data directory of the instance (SLIPWAY_DATA)'),
    run: async (context, words, options) => {
      const what = word(words, 0);
      const { rotateReleaseSigner, rotateServers } = await import('../rotate-keys.ts');
      const rotate = { 'release-signer': rotateReleaseSigner, servers: rotateServers }[what];
      if (rotate === undefined)
        throw new SlipwayError(
          'USAGE',
          `There is no ${what} to rotate; expected release-signer or servers. See docs/keys.md for the others.`,
        );
      const dataDir = await dataDirectory(context, options.data);
      const rotated = await rotate(dataDir);
      print(context, { dataDir, rotated }, () =>
        [
          table(
            ['key', 'before', 'after'],
            rotated.map(({ name, before, after }) => [name, before.slice(0, SHORT), after.slice(0, SHORT)]),
          ),
          'Restart the instance: until then it works with what it has.',
        ].join('\n'),
      );
    },
  });
};
