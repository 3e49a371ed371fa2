import { join } from 'node:path';
import { expectSeen, type VirtualDevice, untilPageHas } from '@slipway/demo';
import type { DeviceId, Execution } from '@slipway/protocol';
import type { BadCase, Place } from './cases.ts';
import { inflict } from './damage.ts';
import type { Built, Ground } from './ground.ts';

const MINUTES = 60_000;
/** Download, verification and the reset into the trial. */
const INSTALL_MS = 15 * MINUTES;
const PAGE_MS = 10 * MINUTES;

export type Subject = {
  readonly ground: Ground;
  readonly device: VirtualDevice;
  readonly deviceId: DeviceId;
  /** what runs, and what must run again */
  readonly current: Built;
  readonly place: Place;
};

const other = (slot: 'a' | 'b') => (slot === 'a' ? 'b' : 'a');

/** How the server remembers the end of it. */
const expectReport = (known: BadCase, execution: Execution): void => {
  expectSeen('execution', execution.state, 'ROLLED_BACK');
  expectSeen('reason reported', execution.code, known.code);
  const ends = execution.history.filter(({ state }) => state === 'ROLLED_BACK').length;
  expectSeen('reports of the rollback', ends, 1);
  if (known.message !== undefined && !known.message.test(execution.message ?? ''))
    throw new Error(`message: expected ${String(known.message)}, found ${execution.message ?? 'none'}`);
  if (known.log && (execution.log ?? '') === '')
    throw new Error('log of the failed boot: expected one, found none');
};

const artifact = ({ build }: Built, name: string) => {
  const found = build.artifacts.find((known) => known.name === name);
  if (found === undefined) throw new Error(`the build ${build.id} has no ${name}`);
  return found;
};

/** What is seen of the device that owes nothing to its agent: console, page, disk. */
const expectOldSlot = async ({ device, current, place }: Subject, before: string): Promise<void> => {
  const boot = device.boots().at(-1);
  expectSeen('slot on the console', boot?.slot, other(place.slot));
  expectSeen('root hash on the console', boot?.rootHash, current.release.rootHash);
  expectSeen('another boot on the console', boot !== undefined && boot.id !== before, true);
  await untilPageHas(device.httpPort, `version ${current.release.version}`, PAGE_MS);
  const root = artifact(current, 'root.img');
  const onDisk = await device.partitionDigest(`root-${other(place.slot)}`, root.size);
  expectSeen('digest of the old root in the disk file', onDisk, root.digest);
};

/** Rolls out a bad release, and expects the device to come back by itself and to say why. */
export const runCase = async (known: BadCase, bad: Built, subject: Subject): Promise<Execution> => {
  const { ground, device, deviceId, place } = subject;
  const { pipeline, store } = ground;
  const before = device.boots().at(-1);
  if (before === undefined) throw new Error(`${deviceId} has not booted`);
  const reset = known.damage === undefined ? undefined : await device.offAtReset();
  const rollout = await pipeline.startRollout(bad.release, deviceId);
  const ending = pipeline.ended(rollout, deviceId);
  ending.catch(() => undefined);
  if (known.damage !== undefined && reset !== undefined) {
    await Promise.race([reset.isOff(INSTALL_MS), ending]);
    const build = join(store, 'builds', bad.build.id);
    await inflict(known.damage, {
      disk: device.disk,
      slot: place.slot,
      build: { root: join(build, 'root.img'), uki: join(build, 'uki.efi') },
    });
    await device.powerOn();
  }
  const { execution } = await ending;
  expectReport(known, execution);
  await expectOldSlot(subject, before.id);
  return execution;
};

/** A good release, to show that the device takes one still. @returns what runs now */
export const runUpdate = async (good: Built, subject: Omit<Subject, 'current'>): Promise<Built> => {
  const { ground, device, deviceId, place } = subject;
  const { pipeline } = ground;
  const { execution } = await pipeline.rollOut(good.release, deviceId);
  expectSeen('execution', execution.state, 'COMMITTED');
  const boot = device.boots().at(-1);
  expectSeen('slot on the console', boot?.slot, place.slot);
  expectSeen('root hash on the console', boot?.rootHash, good.release.rootHash);
  await untilPageHas(device.httpPort, `version ${good.release.version}`, PAGE_MS);
  return good;
};
