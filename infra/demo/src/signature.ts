import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { MANIFEST_NAME, SIGNATURE_NAME } from '@slipway/protocol';

const run = promisify(execFile);

/** The check that the README shows: system tools and our root alone. */
export const opensslArguments = (folder: string, releaseRoot: string): string[] => [
  'cms',
  '-verify',
  '-binary',
  '-purpose',
  'codesign',
  '-inform',
  'DER',
  '-in',
  join(folder, SIGNATURE_NAME),
  '-content',
  join(folder, MANIFEST_NAME),
  '-CAfile',
  releaseRoot,
  '-no-CApath',
  '-no-CAstore',
  '-out',
  '/dev/null',
];

/**
 * Takes manifest and signature out of a bundle by `tar` and has `openssl` verify them.
 *
 * @returns what openssl said
 * @throws where it does not accept the signature
 */
export const verifyWithOpenssl = async (
  bundle: string,
  releaseRoot: string,
  folder: string,
): Promise<string> => {
  await mkdir(folder, { recursive: true });
  await run('tar', ['-xf', bundle, '-C', folder, MANIFEST_NAME, SIGNATURE_NAME]);
  const { stderr } = await run('openssl', opensslArguments(folder, releaseRoot));
  return stderr.trim().split('\n').at(-1) ?? '';
};
