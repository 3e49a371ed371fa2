import { join } from 'node:path';
import {
  createVirtualDevice,
  expectSeen,
  type Cleanup,
  type VirtualDevice,
  untilPageHas,
} from '@slipway/demo';
import { ClassName, DeviceId } from '@slipway/protocol';
import { offerKeys } from '@slipway/vm';
import { deviceClass } from './image-file.ts';
import type { Place } from './cases.ts';
import type { Built, Ground } from './ground.ts';
import { VERSIONS } from './releases.ts';
import { runUpdate, type Subject } from './run-case.ts';

const BOOT_MS = 600_000;
const PAGE_MS = 600_000;

export type MakeDevice = {
  readonly ground: Ground;
  readonly place: Place;
  readonly secureBoot: boolean;
  /** tells this device from those before it */
  readonly number: string;
  readonly folder: string;
  readonly cleanup: Cleanup;
};

/** A new device that has enrolled and runs in the slot that is not to be spoiled. */
export const makeDevice = async (options: MakeDevice): Promise<Subject> => {
  const { ground, place, secureBoot, number } = options;
  const { arch, slot } = place;
  const deviceId = DeviceId.parse(`bad-${arch}-${slot}-${secureBoot ? 'secure' : 'plain'}-${number}`);
  const first = await ground.release(arch, VERSIONS.first, 'none');
  const claim = await ground.pipeline.client.claims.create({
    deviceClass: ClassName.parse(deviceClass(arch)),
    deviceId,
  });
  const device = await createVirtualDevice({
    id: deviceId,
    arch,
    diskImage: ground.diskOf(first),
    folder: join(options.folder, deviceId),
    claimToken: claim.token ?? '',
    ...(arch === 'amd64' ? { watchdog: true } : {}),
    ...(secureBoot
      ? { secureBoot: slot === 'b' ? { keysDir: ground.secureBootDir } : ('setup-mode' as const) }
      : {}),
  });
  options.cleanup.add(() => device.dispose());
  try {
    return await enrolled(options, deviceId, device, first);
  } catch (error) {
    await device.dispose();
    throw error;
  }
};

/** Boots it, and brings it into the slot where it is to stay. */
const enrolled = async (
  { ground, place, secureBoot }: MakeDevice,
  deviceId: DeviceId,
  device: VirtualDevice,
  first: Built,
): Promise<Subject> => {
  const { arch, slot } = place;
  // One kind of device has its keys from the factory, the other enrols them at its first boot.
  if (secureBoot && slot === 'a') await offerKeys(device.disk, ground.secureBootDir);
  await start(device, first);
  await ground.pipeline.online(deviceId);
  const subject = { ground, device, deviceId, place };
  if (slot === 'b') return { ...subject, current: first };
  const second = await ground.release(arch, VERSIONS.second, 'none');
  return { ...subject, current: await runUpdate(second, { ...subject, place: { arch, slot: 'b' } }) };
};

const start = async (device: VirtualDevice, first: Built): Promise<void> => {
  await device.powerOn();
  const boot = await device.nextBoot(0, BOOT_MS);
  expectSeen('root hash on the console', boot.rootHash, first.release.rootHash);
  await untilPageHas(device.httpPort, `version ${first.release.version}`, PAGE_MS);
};
