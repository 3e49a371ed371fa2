import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Arch, DeviceId } from '@slipway/protocol';
import { copyDisk, freePort, hashPartition, startVm, type SecureBoot, type Vm } from '@slipway/vm';
import { bootsOf, type Boot } from './evidence.ts';

export type VirtualDeviceOptions = {
  readonly id: DeviceId;
  readonly arch: Arch;
  /** disk image made by the pipeline; it is copied */
  readonly diskImage: string;
  /** for the disk, the EFI variables and the console */
  readonly folder: string;
  readonly claimToken: string;
  readonly rtcBase?: string;
  readonly secureBoot?: SecureBoot;
  /** it has a watchdog of its own (amd64) */
  readonly watchdog?: boolean;
};

/** A device in QEMU whose plug can be pulled and put back, and what is seen of it from outside. */
export type VirtualDevice = {
  readonly id: DeviceId;
  readonly arch: Arch;
  readonly httpPort: number;
  readonly consoleLog: string;
  readonly powerOn: () => Promise<void>;
  readonly pullPlug: () => Promise<void>;
  /** its disk, to be changed only while it is off */
  readonly disk: string;
  /** from now on a reset switches it off; @returns what waits for that, and fails after the time given */
  readonly offAtReset: () => Promise<{ readonly isOff: (timeoutMs: number) => Promise<void> }>;
  /** switches it off for good: it cannot be powered on again */
  readonly dispose: () => Promise<void>;
  readonly console: () => string;
  /** every boot seen on the console since the device was made */
  readonly boots: () => Boot[];
  /** waits for the boot after the first `seen` ones */
  readonly nextBoot: (seen: number, timeoutMs: number) => Promise<Boot>;
  /** digest of the first bytes of a partition, read from the disk file */
  readonly partitionDigest: (name: string, bytes: number) => Promise<string>;
};

const MEMORY_MB = 768;

/** Copies the disk image and puts the claim token on it, as a factory would. */
export const createVirtualDevice = async (options: VirtualDeviceOptions): Promise<VirtualDevice> => {
  await mkdir(options.folder, { recursive: true });
  const disk = join(options.folder, 'disk.img');
  const consoleLog = join(options.folder, 'console.log');
  await copyDisk(options.diskImage, disk, options.claimToken);
  const httpPort = await freePort();

  let vm: Vm | undefined;
  let starting: Promise<Vm> | undefined;
  let disposed = false;
  let earlier = '';
  const text = () => earlier + (vm?.console() ?? '');

  return {
    id: options.id,
    arch: options.arch,
    httpPort,
    consoleLog,
    disk,
    powerOn: async () => {
      if (disposed) throw new Error(`${options.id} was switched off for good`);
      earlier = text();
      starting = startVm({
        arch: options.arch,
        disk,
        varsFile: join(options.folder, 'efi-variables.fd'),
        memoryMb: MEMORY_MB,
        consoleLog,
        forwards: [{ hostPort: httpPort, guestPort: 80 }],
        ignoreFlush: true,
        ...(options.secureBoot === undefined ? {} : { secureBoot: options.secureBoot }),
        ...(options.watchdog === undefined ? {} : { watchdog: options.watchdog }),
        ...(options.rtcBase === undefined ? {} : { rtcBase: options.rtcBase }),
      });
      vm = await starting;
    },
    pullPlug: async () => {
      await vm?.kill();
    },
    offAtReset: async () => {
      if (vm === undefined) throw new Error(`${options.id} is not powered on`);
      const { exited, stopAtReset } = vm;
      await stopAtReset();
      return {
        isOff: async (timeoutMs) => {
          const patience = AbortSignal.timeout(timeoutMs);
          const late = new Promise<never>((_, reject) => {
            patience.addEventListener('abort', () => {
              reject(new Error(`expected ${options.id} to reset within ${timeoutMs / 1000} s`));
            });
          });
          await Promise.race([exited, late]);
        },
      };
    },
    dispose: async () => {
      disposed = true;
      const last = await starting?.catch(() => undefined);
      await last?.kill();
    },
    console: text,
    boots: () => bootsOf(text()),
    nextBoot: async (seen, timeoutMs) => {
      const end = performance.now() + timeoutMs;
      for (;;) {
        const boot = bootsOf(text())[seen];
        if (boot !== undefined) return boot;
        if (vm === undefined) throw new Error(`${options.id} is not powered on`);
        await vm.waitForConsole(/slipway: boot id=\S+ slot=[ab] version=\S+ roothash=[0-9a-f]{64}/, {
          timeoutMs: Math.max(1, end - performance.now()),
          from: lastBootEnd(vm),
        });
      }
    },
    partitionDigest: (name, bytes) => hashPartition(disk, name, bytes),
  };
};

/** Position on the console after the last boot line, so that a wait sees the next one only. */
const lastBootEnd = (vm: Vm): number => {
  const text = vm.console();
  const at = text.lastIndexOf('slipway: boot id=');
  if (at === -1) return 0;
  const end = text.indexOf('\n', at);
  return vm.consolePosition() - text.length + (end === -1 ? at : end);
};
