import type { Command } from 'commander';
import { KeyPurpose, KeyState, SigningProfile, type Key, type RotationProgress } from '@slipway/protocol';
import { z } from 'zod';
import { leaf, print, word, type MakeContext } from '../command.ts';
import { connect } from '../context.ts';
import { facts, table, time } from '../table.ts';
import { profileCommands } from './keys-profile.ts';
import { rotateCommand } from './keys-rotate.ts';

const DAY_MS = 86_400_000;
/** As much of an id as tells keys apart. */
const SHORT = 16;

const daysLeft = ({ notAfter }: Key): number => Math.floor((Date.parse(notAfter) - Date.now()) / DAY_MS);

const HEADINGS = ['key', 'purpose', 'profile', 'state', 'days left', 'last used', 'subject'];
const line = (key: Key): string[] => [
  key.id.slice(0, SHORT),
  key.purpose,
  key.profile ?? '-',
  key.state,
  String(daysLeft(key)),
  time(key.lastUsedAt),
  key.subject,
];
const show = (key: Key): string =>
  `${facts({
    key: key.id,
    purpose: key.purpose,
    profile: key.profile ?? null,
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

const ROTATION_HEADINGS = [
  'authority',
  'profile',
  'step',
  'current',
  'next',
  'outgoing',
  'devices that follow',
];
const rotationLine = (one: RotationProgress): string[] => [
  one.purpose,
  one.profile ?? '-',
  one.step,
  ...[one.current, one.next, one.outgoing].map((id) => id?.slice(0, SHORT) ?? '-'),
  `${one.following} of ${one.devices}${one.unknown === 0 ? '' : `, of ${one.unknown} it is not known`}`,
];

export const keyCommands = (program: Command, makeContext: MakeContext): void => {
  const keys = program
    .command('keys')
    .summary('what the server signs with and is trusted by')
    .description('Certificates of releases, devices and servers, those of before too. Never a private key.');
  leaf(keys, makeContext, {
    usage: 'list',
    summary: 'list keys by purpose, and how long their certificates last',
    options: z.object({
      purpose: KeyPurpose.optional(),
      profile: SigningProfile.optional(),
      state: KeyState.optional(),
    }),
    build: (command) =>
      command
        .option('--purpose <purpose>', `only these: ${KeyPurpose.options.join(', ')}`)
        .option('--profile <name>', 'only those of this signing profile')
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
    usage: 'rotations',
    summary: 'show how far each authority is in giving its place to the next',
    options: z.object({}),
    run: async (context) => {
      const found = await (await connect(context)).keys.listRotations();
      print(context, found, () => table(ROTATION_HEADINGS, found.map(rotationLine), context.columns));
    },
  });
  rotateCommand(keys, makeContext);
  profileCommands(keys, makeContext);
};
