import { expect, test } from 'vitest';
import { qemuArguments } from './qemu-arguments.ts';
import type { VmBoot, VmOptions } from './vm.ts';

const options = { arch: 'amd64', memoryMb: 256, consoleLog: '/console', forwards: [] } as const;
const devicesOf = (more: VmBoot & Partial<VmOptions>): string[] => {
  const words = qemuArguments({ ...options, ...more }, '/code.fd', '/qmp');
  return words.filter((_, index) => words[index - 1] === '-device');
};

const KERNEL = { kernel: '/kernel', commandLine: 'root=/dev/vda' };
test.each<[string, VmBoot & Partial<VmOptions>, readonly string[]]>([
  ['a disk', { varsFile: '/vars', disk: '/disk' }, ['virtio-blk-pci,drive=disk,bootindex=0']],
  ['a CD', { varsFile: '/vars', cdrom: '/iso' }, ['scsi-cd,drive=cdrom,bootindex=0']],
  ['a kernel that brings a disk', { kernel: KERNEL, disk: '/disk' }, []],
])('what is started first is one thing: %s', (_title, boot, first) => {
  expect(devicesOf(boot).filter((device) => device.includes('bootindex'))).toEqual(first);
});

test.each([
  ['amd64', ['usb-tablet']],
  ['arm64', ['usb-tablet', 'usb-kbd']],
] as const)('a window on %s has a keyboard that its kernels know', (arch, devices) => {
  const usb = devicesOf({ arch, varsFile: '/vars', gui: true }).filter((device) => device.startsWith('usb-'));
  expect(usb).toEqual(devices);
});

test.each([
  ['amd64', ['virtio-blk-pci,drive=disk', 'virtio-net-pci,netdev=net,romfile=', 'virtio-rng-pci']],
  ['riscv64', ['virtio-blk-pci,drive=disk', 'virtio-net-pci,netdev=net,romfile=', 'virtio-rng-pci']],
  ['s390x', ['virtio-blk-ccw,drive=disk', 'virtio-net-ccw,netdev=net', 'virtio-rng-ccw']],
] as const)('devices of %s are on the bus of its machine', (arch, devices) => {
  expect(devicesOf({ arch, kernel: KERNEL, disk: '/disk' })).toEqual(devices);
});
