import { SlipwayError } from '@slipway/protocol';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Runs `work` while no other process or caller holds the lock file. The lock is the kernel's, held by a child, so it
 * ends with this process however that dies.
 */
export const withLock = async <T>(file: string, work: () => Promise<T>): Promise<T> => {
  await mkdir(dirname(file), { recursive: true });
  const holder = spawn('flock', [file, 'sh', '-c', 'echo held; exec cat'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(holder, 'close').catch(() => undefined);
  const held = await Promise.race([
    once(holder.stdout, 'data').then(() => true),
    new Promise<false>((resolve) => {
      holder.once('error', () => resolve(false));
      holder.once('close', () => resolve(false));
    }),
  ]);
  if (!held)
    throw new SlipwayError('TOOL_MISSING', `cannot lock ${file}: flock did not start; install util-linux`, {
      details: { tool: 'flock', package: 'util-linux', file },
    });
  try {
    return await work();
  } finally {
    holder.stdin.end();
    await ended;
  }
};
