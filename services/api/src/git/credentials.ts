import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SourceCredentials } from '@slipway/protocol';
import type { GitOptions } from './run-git.ts';

type Access = Pick<GitOptions, 'settings' | 'env'>;

/** OpenSSH wants an end of line after the last. */
const lines = (text: string): string => `${text.replaceAll('\r\n', '\n').trimEnd()}\n`;

const NO_SSH = 'ssh -o BatchMode=yes -o StrictHostKeyChecking=yes -F /dev/null';

/**
 * Lets git into a repository for as long as `work` takes. A token goes to that host alone, in the environment of git; a
 * key lies in a folder of its own that is removed afterwards.
 */
export const withCredentials = async <T>(
  url: string,
  credentials: SourceCredentials | null,
  work: (access: Access) => Promise<T>,
): Promise<T> => {
  if (credentials === null) return work({ env: { GIT_SSH_COMMAND: NO_SSH } });
  if (credentials.kind === 'token') {
    if (!url.startsWith('https://')) return work({});
    const basic = Buffer.from(`${credentials.username}:${credentials.token}`).toString('base64');
    return work({
      settings: { [`http.${new URL(url).origin}/.extraHeader`]: `Authorization: Basic ${basic}` },
    });
  }
  const folder = await mkdtemp(join(tmpdir(), 'slipway-ssh-'));
  try {
    const [key, hosts] = [join(folder, 'key'), join(folder, 'known_hosts')];
    await writeFile(key, lines(credentials.privateKey), { mode: 0o600 });
    await writeFile(hosts, lines(credentials.knownHosts), { mode: 0o600 });
    const options = ['IdentitiesOnly=yes', `UserKnownHostsFile=${hosts}`, 'GlobalKnownHostsFile=/dev/null'];
    const command = [NO_SSH, ...options.map((option) => `-o ${option}`), `-i ${key}`].join(' ');
    return await work({ env: { GIT_SSH_COMMAND: command } });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};
