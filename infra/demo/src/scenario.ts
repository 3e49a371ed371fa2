import { join } from 'node:path';
import type { Build, ClassName, DeviceId, Execution, Release, Rollout } from '@slipway/protocol';
import type { DemoArch } from './demo-classes.ts';
import { untilPageHas } from './evidence.ts';
import type { Pipeline } from './pipeline.ts';
import type { Report } from './report.ts';
import { verifyWithOpenssl } from './signature.ts';
import { type StepLog, createStepLog, expectSeen } from './step-log.ts';
import type { DeviceSummary } from './summary.ts';
import { type VirtualDevice, createVirtualDevice } from './virtual-device.ts';

export type Built = { readonly build: Build; readonly release: Release };

export type ScenarioOptions = {
  readonly deviceClass: ClassName;
  readonly arch: DemoArch;
  readonly deviceId: DeviceId;
  readonly pipeline: Pipeline;
  /** artifact store, read from outside */
  readonly store: string;
  /** PEM file with our root for bundles */
  readonly releaseRoot: string;
  /** for everything that belongs to the device */
  readonly folder: string;
  readonly builds: {
    readonly first: Promise<Built>;
    readonly second: Promise<Built>;
    readonly broken: Promise<Built>;
  };
  readonly report: Report;
  readonly beganAt: number;
  /** @default break */
  readonly lastStep?: 'update' | 'break';
  readonly rtcBase?: string;
  /** whether the machine has one */
  readonly watchdog?: boolean;
  /** called once the device is made, so that it can be switched off whatever happens */
  readonly onDevice: (device: VirtualDevice) => void;
  /** called when the second release is on its way; a test pulls the plug here */
  readonly duringInstall?: (device: VirtualDevice, rollout: Rollout) => Promise<void>;
};

const BOOT_MS = 900_000;
const PAGE_MS = 600_000;

const sizeOf = (build: Build, name: string): number =>
  build.artifacts.find((artifact) => artifact.name === name)?.size ?? 0;
const digestOf = (build: Build, name: string): string =>
  build.artifacts.find((artifact) => artifact.name === name)?.digest ?? 'none';

/** The page of the demo's web service says which version it belongs to. */
const pageMark = (version: string): string => `version ${version}`;

/**
 * One device from its first image to being saved from a bad one. What is written down of each step was seen from
 * outside the agent: console, page, disk file, openssl.
 */
export const runScenario = async (options: ScenarioOptions): Promise<DeviceSummary> => {
  const { deviceClass, arch, deviceId, report, lastStep = 'break' } = options;
  const log = createStepLog(deviceClass, options.beganAt, report);
  const releases: DeviceSummary['releases'] = [];
  const note = ({ build, release }: Built): void => {
    releases.push({
      version: release.version,
      rootHash: release.rootHash,
      uki: sizeOf(build, 'uki.efi'),
      root: sizeOf(build, 'root.img'),
      bundle: release.bundle.size,
      bundleDigest: release.bundle.digest,
    });
  };
  let finalSlot: string | undefined;
  try {
    const first = await buildStep(log, options, '1.0.0', options.builds.first);
    note(first);
    const device = await bootStep(log, options, first);
    await enrolStep(log, options, device);
    const second = await updateStep(log, options, device, options.builds.second);
    note(second);
    if (lastStep === 'break') note(await breakStep(log, options, device, second));
    finalSlot = device.boots().at(-1)?.slot;
  } catch {
    // Written down by the log; what it stopped did not run and so is not ok.
  }
  return {
    deviceClass,
    arch,
    deviceId,
    ok: log.ok() && log.steps.at(-1)?.name === lastStep,
    steps: [...log.steps],
    releases,
    ...(finalSlot === 'a' || finalSlot === 'b' ? { finalSlot } : {}),
  };
};

/** Waits for a build, then has openssl check the signature of its bundle. */
const buildStep = async (
  log: StepLog,
  options: ScenarioOptions,
  version: string,
  pending: Promise<Built>,
): Promise<Built> => {
  await log.run('build', version, async () => {
    const { build } = await pending;
    return { root: digestOf(build, 'root.img'), bytes: sizeOf(build, 'root.img') };
  });
  const done = await pending;
  await log.run('sign', version, async () => {
    const bundle = join(options.store, 'bundles', `${done.release.id}.tar`);
    const said = await verifyWithOpenssl(
      bundle,
      options.releaseRoot,
      join(options.folder, `signature-${version}`),
    );
    return { openssl: said, bundle: done.release.bundle.digest };
  });
  return done;
};

const bootStep = async (log: StepLog, options: ScenarioOptions, first: Built): Promise<VirtualDevice> => {
  const claim = await options.pipeline.client.claims.create({
    deviceClass: options.deviceClass,
    deviceId: options.deviceId,
  });
  const device = await createVirtualDevice({
    id: options.deviceId,
    arch: options.arch,
    diskImage: join(options.store, 'builds', first.build.id, 'disk.img'),
    folder: options.folder,
    claimToken: claim.token ?? '',
    ...(options.rtcBase === undefined ? {} : { rtcBase: options.rtcBase }),
    watchdog: options.watchdog ?? false,
  });
  options.onDevice(device);
  await log.run('boot', '1.0.0', async () => {
    await device.powerOn();
    const boot = await device.nextBoot(0, BOOT_MS);
    expectSeen('booted slot', boot.slot, 'a');
    expectSeen('root hash on the console', boot.rootHash, first.release.rootHash);
    await untilPageHas(device.httpPort, pageMark('1.0.0'), PAGE_MS);
    return { bootId: boot.id, slot: boot.slot, page: pageMark('1.0.0') };
  });
  return device;
};

const enrolStep = async (log: StepLog, options: ScenarioOptions, device: VirtualDevice): Promise<void> => {
  await log.run('enrol', '1.0.0', async () => {
    await options.pipeline.online(options.deviceId);
    const known = await options.pipeline.client.devices.get(options.deviceId);
    expectSeen('class', known.deviceClass, options.deviceClass);
    expectSeen('version', known.version, '1.0.0');
    expectSeen('boot id reported and on the console', known.bootId, device.boots().at(-1)?.id);
    return { online: known.online, slot: known.activeSlot ?? 'none', version: known.version ?? 'none' };
  });
};

const bytesOf = (execution: Execution): Record<string, number> => ({
  bytesOverMqtt: execution.bytesReceived,
  bytesReused: execution.bytesReused,
});

const updateStep = async (
  log: StepLog,
  options: ScenarioOptions,
  device: VirtualDevice,
  pending: Promise<Built>,
): Promise<Built> => {
  const { pipeline } = options;
  const second = await buildStep(log, options, '2.0.0', pending);
  await log.run('update', '2.0.0', async () => {
    const seen = device.boots().length;
    const before = device.boots().at(-1);
    const rollout = await pipeline.startRollout(await pipeline.publish(second.release), options.deviceId);
    const ending = pipeline.ended(rollout, options.deviceId);
    await options.duringInstall?.(device, rollout);
    const { execution, rollout: done } = await ending;
    expectSeen('execution', execution.state, 'COMMITTED');
    expectSeen('rollout', done.state, 'completed');
    const boot = device.boots().at(-1);
    expectSeen('slot on the console', boot?.slot, 'b');
    expectSeen('root hash on the console', boot?.rootHash, second.release.rootHash);
    expectSeen('another boot on the console', device.boots().length > seen && boot?.id !== before?.id, true);
    await untilPageHas(device.httpPort, pageMark('2.0.0'), PAGE_MS);
    const onDisk = await device.partitionDigest('root-b', sizeOf(second.build, 'root.img'));
    expectSeen('digest of partition root-b in the disk file', onDisk, digestOf(second.build, 'root.img'));
    return {
      slot: 'b',
      bootId: boot?.id ?? 'none',
      page: pageMark('2.0.0'),
      rootB: onDisk,
      ...bytesOf(execution),
    };
  });
  return second;
};

const breakStep = async (
  log: StepLog,
  options: ScenarioOptions,
  device: VirtualDevice,
  second: Built,
): Promise<Built> => {
  const { pipeline } = options;
  const broken = await buildStep(log, options, '3.0.0', options.builds.broken);
  await log.run('break', '3.0.0', async () => {
    const seen = device.boots().length;
    const { execution, rollout } = await pipeline.rollOut(
      await pipeline.publish(broken.release),
      options.deviceId,
    );
    expectSeen('execution', execution.state, 'ROLLED_BACK');
    expectSeen('reason reported', execution.code, 'TRIAL_GATE_FAILED');
    expectSeen('rollout', rollout.state, 'stopped');
    const [trial, back] = device.boots().slice(seen);
    expectSeen('slot of the trial boot on the console', trial?.slot, 'a');
    expectSeen('root hash of the trial boot', trial?.rootHash, broken.release.rootHash);
    expectSeen('slot after the trial', back?.slot, 'b');
    expectSeen('root hash after the trial', back?.rootHash, second.release.rootHash);
    await untilPageHas(device.httpPort, pageMark('2.0.0'), PAGE_MS);
    const onDisk = await device.partitionDigest('root-b', sizeOf(second.build, 'root.img'));
    expectSeen('digest of partition root-b in the disk file', onDisk, digestOf(second.build, 'root.img'));
    return {
      reason: execution.message ?? execution.code ?? 'none',
      backOn: back?.slot ?? 'none',
      page: pageMark('2.0.0'),
      rootB: onDisk,
      ...bytesOf(execution),
    };
  });
  return broken;
};
