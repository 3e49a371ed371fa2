import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { EncryptFor, OpenWith } from '@slipway/fleet/backup';
import { SlipwayError } from '@slipway/protocol';
import { z } from 'zod';
import { collect } from './command.ts';
import type { Context } from './context.ts';

const MIN_PASSPHRASE = 12;

const read = (context: Context, file: string): Promise<string> =>
  readFile(resolve(context.cwd, file), 'utf8').catch((cause: unknown) => {
    throw new SlipwayError('USAGE', `${file} cannot be read.`, { cause });
  });

const readPassphrase = async (context: Context, file: string): Promise<string> => {
  const passphrase = (await read(context, file)).replace(/\r?\n$/, '');
  if (passphrase.length >= MIN_PASSPHRASE) return passphrase;
  throw new SlipwayError('USAGE', `${file}: expected a passphrase of at least ${MIN_PASSPHRASE} characters.`);
};

const only = (words: readonly string[], passphraseFile: string | undefined, option: string): void => {
  if (words.length > 0 && passphraseFile !== undefined)
    throw new SlipwayError('USAGE', `Name ${option} or --passphrase-file, not both.`);
};

export const EncryptOptions = z.object({
  recipient: z.array(z.string()).default([]),
  passphraseFile: z.string().optional(),
});

export const withEncryption = (command: Command): Command =>
  command
    .option('--recipient <age1…>', 'encrypt for whoever has its identity; may be repeated', collect)
    .option('--passphrase-file <file>', 'encrypt with the passphrase that it holds');

/** @throws {SlipwayError} USAGE */
export const readEncryptFor = async (
  context: Context,
  { recipient, passphraseFile }: z.infer<typeof EncryptOptions>,
): Promise<EncryptFor | undefined> => {
  only(recipient, passphraseFile, '--recipient');
  if (passphraseFile !== undefined) return { passphrase: await readPassphrase(context, passphraseFile) };
  return recipient.length === 0 ? undefined : { recipients: recipient };
};

export const OpenOptions = z.object({
  identity: z.array(z.string()).default([]),
  passphraseFile: z.string().optional(),
});

export const withOpening = (command: Command): Command =>
  command
    .option('--identity <file>', 'of age-keygen, opens an encrypted backup; may be repeated', collect)
    .option('--passphrase-file <file>', 'holds the passphrase of an encrypted backup');

/** @throws {SlipwayError} USAGE */
export const readOpenWith = async (
  context: Context,
  { identity, passphraseFile }: z.infer<typeof OpenOptions>,
): Promise<OpenWith | undefined> => {
  only(identity, passphraseFile, '--identity');
  if (passphraseFile !== undefined) return { passphrase: await readPassphrase(context, passphraseFile) };
  if (identity.length === 0) return undefined;
  const identities: string[] = [];
  for (const file of identity) {
    const lines = (await read(context, file)).split(/\r?\n/).map((line) => line.trim());
    const found = lines.filter((line) => line !== '' && !line.startsWith('#'));
    if (found.length === 0) throw new SlipwayError('USAGE', `${file} holds no identity of age.`);
    identities.push(...found);
  }
  return { identities };
};
