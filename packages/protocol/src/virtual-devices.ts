import { z } from 'zod';
import { Arch, BuildId, ClassName, DeviceId, ReleaseId, Version } from './ids.ts';

/** What a virtual device is: `device.json` in its folder, beside its disk. */
export const VirtualDeviceFile = z.object({
  v: z.literal(1),
  id: DeviceId,
  deviceClass: ClassName,
  arch: Arch,
  /** whose disk image it was made from; what it runs by now the fleet knows */
  build: BuildId,
  release: ReleaseId,
  version: Version,
  createdAt: z.iso.datetime(),
});
export type VirtualDeviceFile = z.infer<typeof VirtualDeviceFile>;

/** `preparing`: its disk is being made; `failed`: it ended by itself, `message` says how. */
export const VirtualDeviceState = z.enum(['preparing', 'running', 'off', 'failed']);
export type VirtualDeviceState = z.infer<typeof VirtualDeviceState>;

/** A device in QEMU on the machine of the server. It is in the fleet as any other; this is its power switch. */
export const VirtualDevice = VirtualDeviceFile.omit({ v: true }).extend({
  state: VirtualDeviceState,
  message: z.string().nullable(),
  startedAt: z.iso.datetime().nullable(),
  /** of 127.0.0.1 on the machine of the server; leads to port 80 of the device */
  httpPort: z.int().nullable(),
});
export type VirtualDevice = z.infer<typeof VirtualDevice>;

export const VirtualDeviceCreate = z.strictObject({
  deviceClass: ClassName,
  /** absent: the newest of the class that succeeded and has a disk image */
  build: BuildId.optional(),
  /** absent: the server makes one */
  id: DeviceId.optional(),
});
export type VirtualDeviceCreate = z.infer<typeof VirtualDeviceCreate>;

/** A piece of a console as it was printed, without colours and cursor movements. */
export const ConsolePiece = z.object({ text: z.string() });
export type ConsolePiece = z.infer<typeof ConsolePiece>;
