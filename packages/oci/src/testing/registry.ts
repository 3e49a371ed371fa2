import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { freePort } from '@slipway/vm';

export type TestRegistry = { readonly host: string; readonly stop: () => Promise<void> };

const accepts = async (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });

/**
 * Starts the registry that everybody runs, on a port of its own.
 *
 * @param settings `data`: the folder of another registry, to serve the same images; `top`: YAML at the top level, such
 *   as `auth:`; `http`: lines that continue `http:`
 */
export const startRegistry = async (
  folder: string,
  settings: { readonly data?: string; readonly top?: string; readonly http?: string } = {},
): Promise<TestRegistry> => {
  const port = await freePort();
  const data = settings.data ?? join(folder, 'data');
  await mkdir(data, { recursive: true });
  const config = join(folder, `registry-${port}.yml`);
  await writeFile(
    config,
    [
      'version: 0.1',
      'log: { level: error, accesslog: { disabled: true } }',
      `storage: { filesystem: { rootdirectory: ${data} } }`,
      settings.top ?? '',
      'http:',
      `  addr: 127.0.0.1:${port}`,
      `  secret: of-a-test`,
      settings.http ?? '',
    ].join('\n'),
  );
  const child = spawn('docker-registry', ['serve', config], { stdio: ['ignore', 'ignore', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const ended = once(child, 'exit');
  while (!(await accepts(port)))
    if (child.exitCode !== null) throw new Error(`docker-registry ended with ${child.exitCode}:\n${errors}`);
  return {
    host: `127.0.0.1:${port}`,
    stop: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
};
