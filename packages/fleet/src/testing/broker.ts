import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { accepts } from './redis-server.ts';
import { spawnServer } from './spawn-server.ts';

export type TestBroker = {
  readonly url: string;
  readonly pid: number;
  readonly stop: () => Promise<void>;
};

/** A mosquitto on loopback that lets anybody do anything: access rules are tested where they are made. Limits are those of ours. */
export const startTestBroker = async (): Promise<TestBroker> => {
  const directory = await mkdtemp(join(tmpdir(), 'slipway-broker-'));
  const port = await freePort();
  const config = join(directory, 'mosquitto.conf');
  await writeFile(
    config,
    `listener ${port} 127.0.0.1\nallow_anonymous true\npersistence false\nlog_type error\nmax_inflight_messages 64\nmax_queued_messages 100000\nmax_queued_bytes 134217728\n`,
  );
  const server = await spawnServer('mosquitto', ['-c', config], () => accepts({ port }));
  return {
    url: `mqtt://127.0.0.1:${port}`,
    pid: server.pid,
    stop: async () => {
      await server.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
};

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(address === null || typeof address === 'string' ? 0 : address.port));
    });
  });
