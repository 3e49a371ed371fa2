import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { assertPrivate } from './config.ts';

/** PEM. The key of the root is not here: it belongs offline. */
export type SigningKeys = {
  readonly leafKeyPem: string;
  readonly leafCertPem: string;
  readonly chainPem: string;
  readonly rootPem: string;
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
  return { leafKeyPem, leafCertPem, chainPem, rootPem };
};
