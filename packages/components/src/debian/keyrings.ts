import { SlipwayError } from '@slipway/protocol';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { AptSource } from './sources.ts';

/** Keys under a name made of their bytes: a keyring that changes makes another apt root. */
export type Keyring = { readonly name: string; readonly bytes: Uint8Array };

/**
 * Reads the keyrings of sources. apt is given copies, so that no path from an image file reaches its configuration.
 *
 * @returns by path
 * @throws {SlipwayError} PACKAGE_SIGNATURE_INVALID if one cannot be read
 */
export const readKeyrings = async (sources: readonly AptSource[]): Promise<Map<string, Keyring>> => {
  const keyrings = new Map<string, Keyring>();
  for (const { keyring, uri } of sources) {
    if (keyrings.has(keyring)) continue;
    const bytes = await readFile(keyring).catch((cause: unknown) => {
      throw new SlipwayError(
        'PACKAGE_SIGNATURE_INVALID',
        `the keyring ${keyring} of ${uri} cannot be read, so nothing can be checked by it; add the file or mend keyring`,
        { cause, details: { keyring, uri } },
      );
    });
    const isArmoured = bytes.subarray(0, 1024).includes('-----BEGIN PGP');
    const digest = createHash('sha256').update(bytes).digest('hex');
    keyrings.set(keyring, { name: `${digest.slice(0, 24)}.${isArmoured ? 'asc' : 'pgp'}`, bytes });
  }
  return keyrings;
};
