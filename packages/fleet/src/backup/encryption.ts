import { open } from 'node:fs/promises';
import { Decrypter, Encrypter } from 'age-encryption';
import { SlipwayError } from '@slipway/protocol';
import { bytesOf } from './bytes.ts';

/**
 * Whom a backup is for, in the format of age (age-encryption.org/v1): the age program reads it, too. Who made it, it
 * does not tell: anybody can encrypt for a recipient.
 */
export type EncryptFor =
  | {
      /** `age1…`; each of them can open it */
      readonly recipients: readonly string[];
    }
  | { readonly passphrase: string };

/** What opens a backup. */
export type OpenWith =
  | {
      /** `AGE-SECRET-KEY-1…`; one that fits is enough */
      readonly identities: readonly string[];
    }
  | { readonly passphrase: string };

const MAGIC = 'age-encryption.org/v1\n';

const unusable = (what: string, cause: unknown): SlipwayError => new SlipwayError('USAGE', what, { cause });

/** Bytes as they come, encrypted as they go: 64 KiB are held. @throws {SlipwayError} USAGE for a recipient that is none */
export const encrypt = async (
  plain: AsyncIterable<unknown>,
  whom: EncryptFor,
): Promise<AsyncIterable<Uint8Array>> => encrypterFor(whom).encrypt(ReadableStream.from(bytesIn(plain)));

async function* bytesIn(pieces: AsyncIterable<unknown>): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) yield bytesOf(piece);
}

const encrypterFor = (whom: EncryptFor): Encrypter => {
  const encrypter = new Encrypter();
  if ('passphrase' in whom) {
    encrypter.setPassphrase(whom.passphrase);
    return encrypter;
  }
  for (const recipient of whom.recipients)
    try {
      encrypter.addRecipient(recipient);
    } catch (cause) {
      throw unusable(
        `${recipient} is no recipient; expected age1…, the public key that age-keygen prints.`,
        cause,
      );
    }
  return encrypter;
};

/** Before anything is made. @throws {SlipwayError} USAGE for a recipient that is none */
export const requireRecipients = (whom: EncryptFor): void => void encrypterFor(whom);

export const isEncrypted = async (file: string): Promise<boolean> => {
  await using handle = await open(file);
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(MAGIC.length), 0, MAGIC.length, 0);
  return buffer.subarray(0, bytesRead).toString() === MAGIC;
};

/**
 * @param file its name, for errors
 * @returns decrypted as it is read; it throws where what was read is damaged or was cut short
 * @throws {SlipwayError} BACKUP_LOCKED where nothing that was given opens it; USAGE for an identity that is none
 */
export const decrypt = async (
  file: string,
  sealed: AsyncIterable<Uint8Array>,
  key: OpenWith | undefined,
): Promise<AsyncIterable<Uint8Array>> => {
  if (key === undefined) throw locked(file, 'it is encrypted');
  const decrypter = new Decrypter();
  if ('passphrase' in key) decrypter.addPassphrase(key.passphrase);
  else
    for (const identity of key.identities)
      try {
        decrypter.addIdentity(identity);
      } catch (cause) {
        throw unusable('Expected identities, AGE-SECRET-KEY-1…, as age-keygen writes them.', cause);
      }
  let isLocked = false;
  // It is asked last, so only where none of the others fits.
  decrypter.addIdentity({
    unwrapFileKey: () => {
      isLocked = true;
      return null;
    },
  });
  try {
    return await decrypter.decrypt(ReadableStream.from(sealed));
  } catch (error) {
    if (isLocked) throw locked(file, 'what was given does not open it', error);
    throw error;
  }
};

const locked = (file: string, why: string, cause?: unknown): SlipwayError =>
  new SlipwayError(
    'BACKUP_LOCKED',
    `${file}: ${why}. Name what it was encrypted for: --identity with the file of age-keygen, or --passphrase-file.`,
    { cause, details: { file } },
  );
