import { randomBytes } from 'node:crypto';
import { appendFile, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createClient } from '@slipway/client';
import { packRepository } from '@slipway/components';
import {
  DEMO_CLASSES,
  createCleanup,
  createPipeline,
  createVirtualDevice,
  openLiveView,
  type Pipeline,
  type Report,
  withoutQualification,
} from '@slipway/demo';
import { startLocal } from '@slipway/local';
import { ClassName, DeviceId, SlipwayError, type WholeChainArch } from '@slipway/protocol';
import type { Memory } from '../agent/result.ts';
import { MEMORY_DIAGNOSTIC, parseGuestMemory } from './guest-memory.ts';
import type { DeviceMeasure } from './result.ts';

const MIB = 1024 * 1024;
/** A device under emulation takes minutes for what a board does in seconds, the more so beside others. */
const PATIENCE_MS = 60 * 60_000;
/** Long enough for the reports of a first connection, after which memory stands still. */
const SETTLE_MS = 60_000;
const LOOK_MS = 3000;

const mb = (bytes: number): string => (bytes / 1e6).toFixed(1);

const memoryOf = async ({ client }: Pipeline, device: DeviceId): Promise<Memory | undefined> => {
  const { id } = await client.devices.createCommand(device, {
    name: 'diagnose',
    diagnostic: MEMORY_DIAGNOSTIC.name,
  });
  for (;;) {
    const command = await client.devices.getCommand(device, id);
    if (command.state === 'succeeded') return parseGuestMemory(command.output ?? '');
    // It was lost on the way, or the device restarts.
    if (command.state === 'failed' || command.state === 'expired') return undefined;
    await delay(500);
  }
};

/**
 * Builds the demo's image, boots it in QEMU, and has the device tell the memory of its agent: at rest, and again and again
 * while it installs a release with as many random bytes as asked for.
 *
 * @param root of the checkout
 */
export const measureDevice = async (
  root: string,
  arch: WholeChainArch,
  rootMib: number,
  cacheDir: string,
  report: Report,
): Promise<DeviceMeasure> => {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-bench-device-'));
  const cleanup = createCleanup();
  try {
    const imagesDir = join(folder, 'images');
    await mkdir(cacheDir, { recursive: true });
    await cp(join(root, 'infra', 'demo', 'images'), imagesDir, { recursive: true });
    await withoutQualification(join(imagesDir, 'classes', `${DEMO_CLASSES[arch]}.yml`));
    const imageFile = join(imagesDir, 'edge.yml');
    const { name, command } = MEMORY_DIAGNOSTIC;
    await appendFile(imageFile, `  - name: ${name}\n    command: ${JSON.stringify(command)}\n`);
    await packRepository(imagesDir, { cacheDir, log: () => undefined });

    const local = await startLocal({
      dataDir: join(folder, 'server'),
      imagesDir,
      cacheDir,
      say: (line) => report('server', line),
    });
    cleanup.add(async () => local.close());
    const { apiUrl, adminTokenFile, storeDir } = local.up;
    const connection = { url: apiUrl, token: (await readFile(adminTokenFile, 'utf8')).trim() };
    const live = openLiveView(createClient(connection));
    cleanup.add(async () => {
      live.close();
    });
    const pipeline = createPipeline(connection, live, report, PATIENCE_MS);
    const deviceClass = ClassName.parse(DEMO_CLASSES[arch]);
    const first = await pipeline.build(deviceClass, '1.0.0');

    const id = DeviceId.parse(`bench-${arch}`);
    const claim = await pipeline.client.claims.create({ deviceClass, deviceId: id });
    const device = await createVirtualDevice({
      id,
      arch,
      diskImage: join(storeDir, 'builds', first.build.id, 'disk.img'),
      folder: join(folder, 'device'),
      claimToken: claim.token ?? '',
    });
    cleanup.add(() => device.dispose());
    await device.powerOn();
    report(arch, 'booting');
    await pipeline.online(id);

    // The second is built meanwhile, so that the device has come to rest when it is asked.
    await writeFile(join(imagesDir, 'load.bin'), randomBytes(rootMib * MIB));
    const text = await readFile(imageFile, 'utf8');
    await writeFile(
      imageFile,
      text.replace('files:\n', 'files:\n  - { path: srv/load, source: load.bin }\n'),
    );
    const second = await pipeline.build(deviceClass, '2.0.0');
    const rootBytes = second.build.artifacts.find(({ name: file }) => file === 'root.img')?.size ?? 0;
    if (rootBytes < rootMib * MIB)
      throw new SlipwayError(
        'TOOL_FAILED',
        `expected a root of ${rootMib} MiB and more, built one of ${mb(rootBytes)} MB; where are the files of edge.yml?`,
      );
    await pipeline.publish(second.release);
    await delay(SETTLE_MS);
    const idle = await memoryOf(pipeline, id);
    if (idle === undefined) throw new SlipwayError('TOOL_FAILED', `${id} does not tell its memory`);
    report(arch, `idle: ${mb(idle.pssBytes)} MB`);

    const rollout = await pipeline.startRollout(second.release, id);
    let installing: Memory = { pssBytes: 0, anonymousBytes: 0, processes: [] };
    let looks = 0;
    for (;;) {
      const execution = await pipeline.executionOf(rollout, id);
      const state = execution?.state ?? 'OFFERED';
      if (!['OFFERED', 'ACCEPTED', 'DOWNLOADING', 'VERIFIED', 'INSTALLING'].includes(state)) {
        if (looks > 0 && ['REBOOTING', 'TRIAL', 'COMMITTED'].includes(state)) break;
        throw new SlipwayError(
          'TOOL_FAILED',
          `${id}: ${state} ${execution?.message ?? ''} after ${looks} looks`,
        );
      }
      if (state === 'DOWNLOADING' || state === 'INSTALLING') {
        const now = await memoryOf(pipeline, id);
        if (now !== undefined) {
          looks += 1;
          report(
            arch,
            `${state.toLowerCase()}, ${mb(execution?.bytesReceived ?? 0)} MB received: ${mb(now.pssBytes)} MB`,
          );
          if (now.pssBytes > installing.pssBytes) installing = now;
        }
      }
      await delay(LOOK_MS);
    }
    return { arch, idle, installing, looks, rootBytes };
  } finally {
    await cleanup.run();
    await rm(folder, { recursive: true, force: true });
  }
};
