import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@slipway/vm';
import { accepts } from './redis-server.ts';
import { spawnServer } from './spawn-server.ts';

export type TestBroker = {
  readonly url: string;
  /** of the process that runs now */
  readonly pid: number;
  /** as if it were updated: it forgets everybody and everything */
  readonly restart: () => Promise<void>;
  readonly stop: () => Promise<void>;
};

/**
 * A mosquitto on loopback that lets anybody do anything: access rules are tested where they are made. Limits are those of ours.
 *
 * @param more lines of its configuration
 */
export const startTestBroker = async (more: readonly string[] = []): Promise<TestBroker> => {
  const directory = await mkdtemp(join(tmpdir(), 'slipway-broker-'));
  const port = await freePort();
  const config = join(directory, 'mosquitto.conf');
  await writeFile(
    config,
    `listener ${port} 127.0.0.1\nallow_anonymous true\npersistence false\nlog_type error\nmax_inflight_messages 64\nmax_queued_messages 100000\nmax_queued_bytes 134217728\n${more.join('\n')}\n`,
  );
  const start = () => spawnServer('mosquitto', ['-c', config], () => accepts({ port }));
  let server = await start();
  return {
    url: `mqtt://127.0.0.1:${port}`,
    get pid() {
      return server.pid;
    },
    restart: async () => {
      await server.stop();
      server = await start();
    },
    stop: async () => {
      await server.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
};
