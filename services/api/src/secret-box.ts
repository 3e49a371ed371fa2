import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { SlipwayError } from '@slipway/protocol';

/**
 * Seals secrets that must be used again (tokens of forges, secrets of hooks), so that the database and copies of it hold
 * none. The key is a file beside the other keys of the API; without it what was sealed is lost.
 */
export type SecretBox = {
  /** @param place what it belongs to: sealed for one row, it cannot be opened as that of another */
  readonly seal: (secret: string, place: string) => string;
  /** @throws {SlipwayError} CONFIG_INVALID where it was sealed with another key, or for another place */
  readonly open: (sealed: string, place: string) => string;
};

const CIPHER = 'aes-256-gcm';

/** @param file made with a new key if it is not there */
export const openSecretBox = async (file: string): Promise<SecretBox> => {
  try {
    await writeFile(file, `${randomBytes(32).toString('base64')}\n`, {
      mode: 0o600,
      flag: 'wx',
      flush: true,
    });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
  const key = Buffer.from((await readFile(file, 'utf8')).trim(), 'base64');
  if (key.length !== 32)
    throw new SlipwayError(
      'CONFIG_INVALID',
      `${file}: expected a key of 32 bytes in base64, found ${key.length} bytes; restore it from a backup.`,
    );
  return {
    seal: (secret, place) => {
      const nonce = randomBytes(12);
      const cipher = createCipheriv(CIPHER, key, nonce).setAAD(Buffer.from(place));
      const text = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
      return `1:${Buffer.concat([nonce, cipher.getAuthTag(), text]).toString('base64')}`;
    },
    open: (sealed, place) => {
      try {
        if (!sealed.startsWith('1:')) throw new TypeError('expected version 1');
        const bytes = Buffer.from(sealed.slice(2), 'base64');
        const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, 12), { authTagLength: 16 })
          .setAAD(Buffer.from(place))
          .setAuthTag(bytes.subarray(12, 28));
        return decipher.update(bytes.subarray(28), undefined, 'utf8') + decipher.final('utf8');
      } catch (cause) {
        throw new SlipwayError(
          'CONFIG_INVALID',
          `A secret of ${place} cannot be opened with the key in SLIPWAY_SECRETS_KEY_FILE. Restore that file, or give the secret anew.`,
          { cause },
        );
      }
    },
  };
};
