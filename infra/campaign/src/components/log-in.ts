import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { SlipwayError } from '@slipway/protocol';
import type { Machines } from './machines.ts';

const run = promisify(execFile);

/** Nothing of who runs this: no settings, no agent, no keys. */
const ALONE = [
  '-F /dev/null -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR',
  '-o IdentitiesOnly=yes -o IdentityAgent=none',
].flatMap((line) => line.split(' '));

const ssh = async ({ ports }: Machines, options: readonly string[], command: string, env = {}) =>
  run('ssh', ['-p', String(ports.ssh), ...ALONE, ...options, 'root@127.0.0.1', command], {
    env: { ...process.env, ...env },
  });

/** What a command prints on the device, for who has the key. */
export const byKey = async (machines: Machines, command: string): Promise<string> =>
  (await ssh(machines, ['-o', 'BatchMode=yes', '-i', machines.loginKey], command)).stdout;

/** What the device answers to who has no key and knows a password. */
export const byPassword = async (machines: Machines): Promise<string> => {
  const askpass = `${machines.loginKey}.password`;
  await writeFile(askpass, '#!/bin/sh\necho root\n', { mode: 0o700 });
  const options = [
    ['-o', 'PubkeyAuthentication=no'],
    ['-o', 'PreferredAuthentications=password,keyboard-interactive'],
  ].flat();
  const env = { SSH_ASKPASS: askpass, SSH_ASKPASS_REQUIRE: 'force' };
  try {
    await ssh(machines, options, '/usr/bin/busybox true', env);
    return 'logged in';
  } catch (error) {
    if (error instanceof Error && 'stderr' in error) return String(error.stderr).trim();
    throw new SlipwayError('TOOL_FAILED', 'ssh could not be started', { cause: error });
  }
};
