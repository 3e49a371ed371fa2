import { describe, expect, test } from 'vitest';
import { ARCHITECTURES, DEVICE_ARCHES, efiNames, hostArch, parseArch } from './architectures.ts';
import { SlipwayError } from './errors.ts';
import { Arch } from './ids.ts';

test.each([
  ['amd64', 'amd64'],
  ['x86_64', 'amd64'],
  ['x64', 'amd64'],
  ['linux/amd64', 'amd64'],
  ['arm64', 'arm64'],
  ['aarch64', 'arm64'],
  ['linux/arm64/v8', 'arm64'],
  ['arm/v7', 'arm/v7'],
  ['linux/arm/v7', 'arm/v7'],
  ['ARMHF', 'arm/v7'],
  ['armv7l', 'arm/v7'],
  ['arm', 'arm/v7'],
  ['riscv64', 'riscv64'],
  ['linux/riscv64', 'riscv64'],
  ['s390x', 's390x'],
  ['arm/v6', undefined],
  ['linux/arm/v5', undefined],
  ['arm64/v9', undefined],
  ['windows/amd64', undefined],
  ['armel', undefined],
  ['', undefined],
])('%j is %j', (name, arch) => {
  expect(parseArch(name)).toBe(arch);
});

test('every name belongs to one architecture', () => {
  const names = Arch.options.flatMap((arch) => {
    const { debian, aliases } = ARCHITECTURES[arch];
    return [...new Set([arch, debian, ...aliases])];
  });
  expect(new Set(names).size).toBe(names.length);
});

test('this machine is found by what Node calls it', () => {
  expect(['x64', 'arm64', 'arm', 'riscv64', 's390x'].map(hostArch)).toEqual(Arch.options);
});

describe.each(Arch.options)('%s', (arch) => {
  const facts = ARCHITECTURES[arch];

  test('has facts that no other has', () => {
    const others = Arch.options.filter((one) => one !== arch).map((one) => ARCHITECTURES[one]);
    for (const key of ['debian', 'triplet', 'libraryFlags', 'rootPartition', 'uBoot'] as const)
      expect(others.map((other) => other[key])).not.toContain(facts[key]);
    expect(others.map(({ elf }) => elf.machine)).not.toContain(facts.elf.machine);
  });

  test('can be part of a file name by its name in Debian', () => {
    expect(facts.debian).toMatch(/^[a-z0-9]+$/);
  });
});

test('files of UEFI are called as Debian and firmware call them', () => {
  expect(Object.fromEntries(DEVICE_ARCHES.map((arch) => [arch, efiNames(arch).firstFile]))).toEqual({
    amd64: 'EFI/BOOT/BOOTX64.EFI',
    arm64: 'EFI/BOOT/BOOTAA64.EFI',
    'arm/v7': 'EFI/BOOT/BOOTARM.EFI',
    riscv64: 'EFI/BOOT/BOOTRISCV64.EFI',
  });
  expect(efiNames('arm/v7')).toMatchObject({ stub: 'linuxarm.efi.stub', loader: 'systemd-bootarm.efi' });
});

test('machines without UEFI have no such files', () => {
  expect(() => efiNames('s390x')).toThrow(SlipwayError);
  expect(() => efiNames('s390x')).toThrow(expect.objectContaining({ code: 'ARCH_UNSUPPORTED' }));
});
