import { execFile } from 'node:child_process';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { messageOf, SlipwayError } from '@slipway/protocol';

/** Who says so, in front of each certificate; firmware keeps it and asks nothing of it. */
const OWNER = '6f3a9c1e-8c0b-4a55-9d0e-51c1a7f0b00f';

/**
 * Makes the EFI variables of a machine that starts nothing but what our keys have signed.
 *
 * @param keysDir holds `PK.pem`, `KEK.pem` and `db.pem`: certificates, no keys
 * @throws {SlipwayError} TOOL_MISSING, TOOL_FAILED
 */
export const enrolKeys = async (template: string, varsFile: string, keysDir: string): Promise<void> => {
  const unfinished = `${varsFile}.new`;
  const keys = [
    ['--set-pk', 'PK.pem'],
    ['--add-kek', 'KEK.pem'],
    ['--add-db', 'db.pem'],
  ].flatMap(([option = '', file = '']) => [option, OWNER, join(keysDir, file)]);
  try {
    await promisify(execFile)('virt-fw-vars', [
      '--input',
      template,
      '--output',
      unfinished,
      ...keys,
      '--secure-boot',
    ]);
  } catch (cause) {
    await rm(unfinished, { force: true });
    throw cause instanceof Error && 'code' in cause && cause.code === 'ENOENT'
      ? new SlipwayError(
          'TOOL_MISSING',
          'expected the program virt-fw-vars, which is not installed; install the Debian package python3-virt-firmware',
          { cause, details: { tool: 'virt-fw-vars', package: 'python3-virt-firmware' } },
        )
      : new SlipwayError('TOOL_FAILED', `virt-fw-vars: ${messageOf(cause)}`, { cause });
  }
  await rename(unfinished, varsFile);
};
