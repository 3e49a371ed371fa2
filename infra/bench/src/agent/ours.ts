import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  bundleAgent,
  makeAuthorities,
  makeDevice,
  makeRelease,
  randomRoot,
  startBroker,
  startCloud,
} from '@slipway/device-agent/fixture';
import { CRYPTO_PROGRAM, cryptoProgramPath } from '@slipway/device-crypto';
import { CHUNK_BYTES, messageOf, SlipwayError } from '@slipway/protocol';
import { treeCpuSeconds } from '../measure/pss.ts';
import { memoryNow, peakDuring } from './memory.ts';
import type { Ours } from './result.ts';
import { bwrap, makeRoot } from './root.ts';

/** What an image carries for the agent; Node itself comes from here. */
const PACKAGES = {
  quickjs: ['quickjs', 'libmbedtls21', 'busybox-static'],
  node: ['libstdc++6', 'libatomic1', 'openssl', 'busybox-static'],
} as const satisfies Record<Ours['runtime'], readonly string[]>;
/** Long enough for the reports of a first connection, after which memory stands still. */
const SETTLE_MS = 10_000;

const INSTALL_MS = 600_000;

type Runtime = Ours['runtime'];

/** A root as a device has it: the packages, and a link for each program that the agent calls of busybox. */
const agentRoot = async (slipway: string, dir: string, runtime: Runtime): Promise<string> => {
  const root = await makeRoot(slipway, dir, `agent-${runtime}`, PACKAGES[runtime]);
  const busybox = join(root, 'usr/bin/busybox');
  const applets = execFileSync(busybox, ['--list'], { encoding: 'utf8' }).trim().split('\n');
  for (const applet of applets) {
    const link = join(root, 'usr/bin', applet);
    if (!existsSync(link)) await symlink('busybox', link);
  }
  if (runtime === 'node') await copyFile(process.execPath, join(root, 'usr/bin/node'));
  else await copyFile(cryptoProgramPath('amd64'), join(root, 'usr/bin', CRYPTO_PROGRAM));
  return root;
};

/**
 * The agent against a real broker by mutual TLS, on files instead of partitions: how much it takes to be connected, what
 * it holds then, and while it installs a root of which it has nothing.
 *
 * @param rootChunks of 256 KiB each
 */
export const measureOurs = async (
  slipway: string,
  dir: string,
  runtime: Runtime,
  rootChunks: number,
): Promise<Ours> => {
  const root = await agentRoot(slipway, dir, runtime);
  const ground = await mkdtemp(join(tmpdir(), 'slipway-bench-'));
  const bundled = await bundleAgent(ground, runtime);
  const authorities = await makeAuthorities();
  const make = async (version: string, counter: number, bytes: Buffer) =>
    makeRelease(join(ground, 'releases'), authorities, { version, counter, root: bytes });
  const first = await make('1.0.0', 10, randomRoot(4));
  const second = await make('2.0.0', 20, randomRoot(rootChunks));
  const releases = new Map([first, second].map((release) => [release.rootHash, release]));
  const directory = join(ground, 'run');
  await mkdir(directory);
  const broker = await startBroker(directory, authorities);
  const cloud = await startCloud(authorities, broker);
  const device = await makeDevice(
    {
      ...bundled,
      wrap: ([program = '', ...args]) =>
        bwrap(root, [ground], [runtime === 'node' ? '/usr/bin/node' : program, ...args]),
    },
    join(directory, 'device'),
    authorities,
    cloud.enrolUrl,
    releases,
    first,
    (rootChunks + 2) * CHUNK_BYTES,
  );
  const pid = (): number => device.pid() ?? 0;
  const births = (): number => cloud.seen.filter(({ kind }) => kind === 'birth').length;
  try {
    await device.boot();
    await cloud.until('the first birth', () => births() > 0);
    // A device enrols once; what it needs from then on is what counts.
    const before = births();
    await device.restartAgent();
    await cloud.until('another birth', () => births() > before);
    const readyCpuSeconds = treeCpuSeconds(pid());
    await delay(SETTLE_MS);
    const idle = await memoryNow(pid());
    const idleCpu = treeCpuSeconds(pid());

    cloud.publish(second);
    await cloud.desire(1, second);
    let installCpuSeconds = 0;
    const installed = cloud.until(
      'the reboot',
      () => {
        installCpuSeconds = Math.max(installCpuSeconds, treeCpuSeconds(pid()) - idleCpu);
        return cloud.statuses.some(({ state }) => state === 'REBOOTING');
      },
      INSTALL_MS,
    );
    const installing = await peakDuring(pid, installed);
    return {
      runtime,
      readyCpuSeconds,
      idle,
      installing,
      installCpuSeconds,
      rootBytes: second.root.length,
    };
  } catch (cause) {
    const said = device.output().slice(-2000);
    throw new SlipwayError('TOOL_FAILED', `${messageOf(cause)}; the agent said:\n${said}`, { cause });
  } finally {
    await device.cutPower();
    await cloud.stop();
    await broker.stop();
    await rm(ground, { recursive: true, force: true });
  }
};
