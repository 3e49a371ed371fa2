import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Identity } from '@slipway/signing';
import { assertPrivate } from './config.ts';

/** PEM. The key of the root is not here: it belongs offline. */
export type SigningKeys = {
  readonly leafKeyPem: string;
  readonly leafCertPem: string;
  readonly chainPem: string;
  readonly rootPem: string;
  /** the key whose certificate is in the `db` of devices; absent where no class needs it */
  readonly secureBoot?: Identity;
};

/** Left out by whoever has no class with Secure Boot. */
const readSecureBootKey = async (folder: string): Promise<Identity | undefined> => {
  const read = (name: string) =>
    readFile(join(folder, name), 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
  const [keyPem, certificatePem] = await Promise.all([read('db.key.pem'), read('db.pem')]);
  return keyPem === undefined || certificatePem === undefined ? undefined : { keyPem, certificatePem };
};

/** @throws {SlipwayError} CONFIG_INVALID */
export const readSigningKeys = async (directory: string): Promise<SigningKeys> => {
  await assertPrivate(directory);
  const read = (name: string) => readFile(join(directory, name), 'utf8');
  const [leafKeyPem, leafCertPem, chainPem, rootPem] = await Promise.all([
    read('leaf.key.pem'),
    read('leaf.pem'),
    read('intermediate.pem'),
    read('root.pem'),
  ]);
  const secureBoot = await readSecureBootKey(join(directory, 'secure-boot'));
  return {
    leafKeyPem,
    leafCertPem,
    chainPem,
    rootPem,
    ...(secureBoot === undefined ? {} : { secureBoot }),
  };
};
