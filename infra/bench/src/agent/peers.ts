import { execFileSync } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdir, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { memoryNow } from './memory.ts';
import type { Peer as PeerFigures } from './result.ts';
import { bwrap, makeRoot } from './root.ts';
import { startSession } from './session.ts';

export type PeerName = 'rauc' | 'swupdate' | 'mender-client';

/** Long enough for the first polls of a server, after which their memory stands still. */
const SETTLE_MS = 10_000;
const READY_MS = 20_000;

/** A server that has no update for anybody: hawkBit's polling answer, and a refusal for Mender's clients. */
const idleServer = async () => {
  const server = createServer((request, response) => {
    response.setHeader('content-type', 'application/json');
    if (request.url?.includes('/controller/v1/') === true) {
      response.end(JSON.stringify({ config: { polling: { sleep: '00:00:05' } }, _links: {} }));
      return;
    }
    response.statusCode = 401;
    response.end('{"error":"pending"}');
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo; // eslint-disable-line typescript/no-unsafe-type-assertion -- listening on TCP
  return { url: `http://127.0.0.1:${port}`, stop: () => server.close() };
};

const certificate = (folder: string): void => {
  const out = ['-keyout', join(folder, 'key.pem'), '-out', join(folder, 'cert.pem')];
  const args = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=bench', '-days', '2', ...out];
  execFileSync('openssl', args, { stdio: 'ignore' });
};

const BUS = `<busconfig><type>system</type><listen>unix:path=/run/dbus/system_bus_socket</listen>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/><allow user="*"/></policy></busconfig>
`;

const RAUC = `[system]
compatible=bench
bootloader=noop
statusfile=/data/rauc.status
[keyring]
path=/data/cert.pem
[slot.rootfs.0]
device=/data/a
bootname=A
[slot.rootfs.1]
device=/data/b
bootname=B
`;

type Peer = {
  readonly packages: readonly string[];
  /** prepares the root, gives the command and what it says once it waits */
  readonly prepare: (
    root: string,
    serverUrl: string,
  ) => Promise<{
    readonly command: readonly string[];
    readonly ready: RegExp;
    readonly except?: readonly string[];
  }>;
};

const PEERS: Readonly<Record<PeerName, Peer>> = {
  rauc: {
    packages: ['rauc', 'dbus-daemon', 'dash'],
    prepare: async (root) => {
      certificate(join(root, 'data'));
      await writeFile(join(root, 'data/bus.conf'), BUS);
      await writeFile(join(root, 'data/system.conf'), RAUC);
      for (const slot of ['a', 'b']) {
        await writeFile(join(root, 'data', slot), '');
        await truncate(join(root, 'data', slot), 64 * 1024 * 1024);
      }
      const bus = 'dbus-daemon --config-file=/data/bus.conf --nofork --nopidfile & ';
      const wait = 'until [ -S /run/dbus/system_bus_socket ]; do :; done; ';
      const service = 'exec rauc service -c /data/system.conf --override-boot-slot=A';
      // The bus is counted as none of RAUC's: a device may have one anyway.
      return {
        command: ['/usr/bin/sh', '-c', `${bus}${wait}${service}`],
        ready: /Booted into/,
        except: ['dbus-daemon', 'sh'],
      };
    },
  },
  swupdate: {
    packages: ['swupdate'],
    prepare: async (root, serverUrl) => {
      certificate(join(root, 'data'));
      await writeFile(join(root, 'data/swupdate.cfg'), 'globals: { loglevel = 3; };\n');
      const suricatta = `-S hawkbit -t default -u ${serverUrl} -i bench -p 5`;
      const options = [
        '-k',
        '/data/cert.pem',
        '-f',
        '/data/swupdate.cfg',
        '-H',
        'bench:1.0',
        '-e',
        'stable,a',
      ];
      return {
        command: ['/usr/bin/swupdate', '-l', '4', ...options, '-u', suricatta],
        ready: /suricatta|software set/,
      };
    },
  },
  'mender-client': {
    packages: ['mender-client', 'dash', 'coreutils'],
    prepare: async (root, serverUrl) => {
      await mkdir(join(root, 'data/mender'), { recursive: true });
      await mkdir(join(root, 'etc/mender'), { recursive: true });
      const settings = {
        ServerURL: serverUrl,
        UpdatePollIntervalSeconds: 5,
        InventoryPollIntervalSeconds: 5,
        RetryPollIntervalSeconds: 5,
        DeviceTypeFile: '/etc/mender/device_type',
        RootfsPartA: '/data/a',
        RootfsPartB: '/data/b',
        DBus: { Enabled: false },
      };
      await writeFile(join(root, 'etc/mender/mender.conf'), JSON.stringify(settings));
      await writeFile(join(root, 'etc/mender/device_type'), 'device_type=bench\n');
      await writeFile(join(root, 'etc/mender/artifact_info'), 'artifact_name=bench-1\n');
      return { command: ['/usr/bin/mender', '--no-syslog', 'daemon'], ready: /State transition/ };
    },
  },
};

const versionOf = (name: string): string =>
  /Candidate: (\S+)/.exec(execFileSync('apt-cache', ['policy', name], { encoding: 'utf8' }))?.[1] ??
  'unknown';

export const PEER_NAMES = ['rauc', 'swupdate', 'mender-client'] as const satisfies readonly PeerName[];

/**
 * What a peer holds while it waits for work, from Debian's package, in a root of its own.
 *
 * @throws {SlipwayError} TOOL_FAILED where the peer does not come up
 */
export const measurePeer = async (slipway: string, dir: string, name: PeerName): Promise<PeerFigures> => {
  const peer = PEERS[name];
  const root = await makeRoot(slipway, dir, name, peer.packages);
  const server = await idleServer();
  const { command, ready, except } = await peer.prepare(root, server.url);
  const session = startSession(bwrap(root, [], command));
  try {
    await session.says(ready, READY_MS);
    await delay(SETTLE_MS);
    return { name, version: versionOf(name), idle: await memoryNow(session.pid, except) };
  } finally {
    await session.stop();
    server.stop();
  }
};
