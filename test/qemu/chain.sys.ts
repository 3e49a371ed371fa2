import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Cleanup,
  type Demo,
  type PowerCut,
  type VirtualDevice,
  bootsOf,
  createCleanup,
  createReport,
  cutPowerDuringInstall,
  openDemo,
  runScenario,
} from '@slipway/demo';
import { WholeChainArch, isQualificationOver, QualificationStep } from '@slipway/protocol';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testCommands } from './commands-of-device.ts';

/** Downloads are shared with the demo and with earlier runs; nothing else is. */
const cacheDir = join(import.meta.dirname, '..', '..', '.slipway', 'cache');

let folder: string;
let cleanup: Cleanup;
let demo: Demo;
const devices = new Map<WholeChainArch, VirtualDevice>();
const beganAt = performance.now();
const report = createReport((line) => console.log(line), beganAt);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-chain-'));
  cleanup = createCleanup();
  demo = await openDemo({ folder, cacheDir, archs: WholeChainArch.options, report, cleanup });
});

afterAll(async () => {
  await cleanup.run();
  await rm(folder, { recursive: true, force: true });
});

describe.concurrent('from an image file to an updated device', () => {
  // Returning from a bad release takes an emulated arm64 minutes; the demo and the campaign have it do so.
  test.each([
    { arch: 'amd64', lastStep: 'break', last: ', returns from a bad release' },
    { arch: 'arm64', lastStep: 'update', last: '' },
  ] as const)(
    '$arch: enrols, survives a power cut in the install, updates$last',
    async ({ arch, lastStep }) => {
      const scenario = demo.classes.find((entry) => entry.arch === arch);
      if (scenario === undefined) throw new Error(`the demo has no class for ${arch}`);
      let device: VirtualDevice | undefined;
      let cut: PowerCut | undefined;
      const summary = await runScenario({
        ...demo,
        ...scenario,
        deviceId: demo.deviceIdFor(arch),
        folder: join(folder, 'devices', scenario.deviceClass),
        report,
        beganAt,
        lastStep,
        watchdog: arch === 'amd64',
        // A device without a clock of its own starts in 1970.
        ...(arch === 'arm64' ? { rtcBase: '1970-01-01T00:00:00' } : {}),
        onDevice: (made) => {
          device = made;
          devices.set(arch, made);
          cleanup.add(() => made.dispose());
        },
        duringInstall: async (made, rollout) => {
          cut = await cutPowerDuringInstall(demo.pipeline, demo.live, made, rollout);
        },
      });
      if (!summary.ok)
        console.error(
          `console of ${summary.deviceClass}:\n${device?.console().split('\n').slice(-200).join('\n')}`,
        );

      expect(summary.steps.filter((step) => !step.ok)).toEqual([]);
      expect(summary.ok).toBe(true);
      expect(summary.finalSlot).toBe('b');
      // The cut came in the middle of the install, and the old slot booted after it.
      expect(cut?.bytesDone).toBeLessThan(cut?.bytesTotal ?? 0);
      expect(cut?.boot.slot).toBe('a');
      expect(cut?.boot.version).toBe('1.0.0');
      expect(device?.console()).toMatch(/slipway-agent: resuming release 2\.0\.0/);
    },
  );

  test('amd64: a release proves itself as an update in a virtual device of the server', async () => {
    const { client } = demo.pipeline;
    const builds = demo.classes.find(({ arch }) => arch === 'amd64')?.builds;
    if (builds === undefined) throw new Error('the demo has no class for amd64');
    const [before, { release }] = [await builds.first, await builds.second];
    await demo.pipeline.publish(before.release);
    expect(await client.releases.qualify(release.id)).toMatchObject({ state: 'pending' });
    const ended = await demo.live.until(
      'the qualification',
      30 * 60_000,
      () => client.releases.getQualification(release.id),
      isQualificationOver,
    );
    const printed = await client.releases.getConsole(release.id);
    if (ended.state !== 'passed') console.error(printed.split('\n').slice(-200).join('\n'));
    expect(ended).toMatchObject({
      state: 'passed',
      from: before.release.id,
      code: null,
    });
    expect(ended.steps.map(({ step }) => step)).toEqual(QualificationStep.options);
    for (const { cpuSeconds } of ended.steps) expect(cpuSeconds).toBeGreaterThan(0);
    // What the device printed says the same, and owes nothing to its agent.
    const roots = bootsOf(printed).map(({ rootHash }) => rootHash);
    // Back from each trial but the last.
    const turns = [before.release.rootHash, release.rootHash];
    expect(roots).toEqual(roots.map((_root, at) => turns[at % 2]));
    expect(roots.length).toBeGreaterThanOrEqual(4);
    expect(roots.at(-1)).toBe(release.rootHash);
  });
});

describe('the amd64 device, back on its release', () => {
  testCommands(() => {
    const device = devices.get('amd64');
    if (device === undefined) throw new Error('the amd64 device was never made');
    return { device, dataDir: join(folder, 'server') };
  });
});
