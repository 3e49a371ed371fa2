import type { z } from 'zod';
import { SlipwayError } from './errors.ts';
import { Arch } from './ids.ts';

/** What building, checking and starting images need to know of a processor architecture. */
export type ArchFacts = {
  /** Debian's name; files and folders are called after it, for it has no slash */
  readonly debian: string;
  /** as images of registries say it */
  readonly oci: { readonly architecture: string; readonly variant?: string };
  /** variants of those images that every machine runs, best first; no variant stands for the first */
  readonly variants: readonly string[];
  /** how others call it: uname, Node, compilers */
  readonly aliases: readonly string[];
  /** the folder of libraries below `usr/lib`, and the prefix of compilers */
  readonly triplet: string;
  readonly elf: { readonly machine: number; readonly bits: 32 | 64; readonly endian: 'little' | 'big' };
  /** what `ld.so.cache` says of a library: glibc 6, and the ABI */
  readonly libraryFlags: number;
  /** of `linux.seccomp` in the OCI runtime specification: the own one, and what the kernel runs beside it */
  readonly seccomp: readonly string[];
  /** the first console of QEMU's machine, and of most boards */
  readonly console: string;
  /** how UEFI calls it in file names and in PE images; absent: machines without UEFI */
  readonly efi?: { readonly suffix: string; readonly machine: number };
  /** type of a root partition, by the discoverable partitions specification */
  readonly rootPartition: string;
  /** in headers of U-Boot, `include/image.h` */
  readonly uBoot: number;
  readonly qemu: {
    readonly program: string;
    /** Debian's, which brings it */
    readonly package: string;
    readonly machine: string;
    readonly cpu: string;
    /** what virtual disks and network interfaces hang on; absent: PCI */
    readonly bus?: 'ccw';
  };
};

/** The one place where architectures are told apart; everything else looks here. */
export const ARCHITECTURES: Readonly<Record<Arch, ArchFacts>> = {
  amd64: {
    debian: 'amd64',
    oci: { architecture: 'amd64' },
    variants: ['v1'],
    aliases: ['x86_64', 'x86-64', 'x64'],
    triplet: 'x86_64-linux-gnu',
    elf: { machine: 62, bits: 64, endian: 'little' },
    libraryFlags: 0x0303,
    seccomp: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86'],
    console: 'ttyS0',
    efi: { suffix: 'x64', machine: 0x8664 },
    rootPartition: '4f68bce3-e8cd-4db1-96e7-fbcaf984b709',
    uBoot: 24,
    qemu: { program: 'qemu-system-x86_64', package: 'qemu-system-x86', machine: 'q35', cpu: 'max' },
  },
  arm64: {
    debian: 'arm64',
    oci: { architecture: 'arm64' },
    variants: ['v8'],
    aliases: ['aarch64'],
    triplet: 'aarch64-linux-gnu',
    elf: { machine: 183, bits: 64, endian: 'little' },
    libraryFlags: 0x0a03,
    seccomp: ['SCMP_ARCH_AARCH64', 'SCMP_ARCH_ARM'],
    console: 'ttyAMA0',
    efi: { suffix: 'aa64', machine: 0xaa64 },
    rootPartition: 'b921b045-1df0-41c3-af44-4c6f280d3fae',
    uBoot: 22,
    qemu: {
      program: 'qemu-system-aarch64',
      package: 'qemu-system-arm',
      machine: 'virt',
      cpu: 'cortex-a72',
    },
  },
  'arm/v7': {
    debian: 'armhf',
    oci: { architecture: 'arm', variant: 'v7' },
    variants: ['v7', 'v6', 'v5'],
    aliases: ['armhf', 'armv7', 'armv7l', 'armv7hl', 'arm'],
    triplet: 'arm-linux-gnueabihf',
    elf: { machine: 40, bits: 32, endian: 'little' },
    libraryFlags: 0x0903,
    seccomp: ['SCMP_ARCH_ARM'],
    console: 'ttyAMA0',
    efi: { suffix: 'arm', machine: 0x01c2 },
    rootPartition: '69dad710-2ce4-4e3c-b16c-21a1d49abed3',
    uBoot: 2,
    // Its PCI lies where a kernel without LPAE reaches it.
    qemu: {
      program: 'qemu-system-arm',
      package: 'qemu-system-arm',
      machine: 'virt,highmem=off',
      cpu: 'cortex-a15',
    },
  },
  riscv64: {
    debian: 'riscv64',
    oci: { architecture: 'riscv64' },
    variants: [],
    aliases: ['rv64gc'],
    triplet: 'riscv64-linux-gnu',
    elf: { machine: 243, bits: 64, endian: 'little' },
    libraryFlags: 0x1003,
    seccomp: ['SCMP_ARCH_RISCV64'],
    console: 'ttyS0',
    efi: { suffix: 'riscv64', machine: 0x5064 },
    rootPartition: '72ec70a6-cf74-40e6-bd49-4bda08e8f224',
    uBoot: 26,
    qemu: { program: 'qemu-system-riscv64', package: 'qemu-system-riscv', machine: 'virt', cpu: 'rv64' },
  },
  s390x: {
    debian: 's390x',
    oci: { architecture: 's390x' },
    variants: [],
    aliases: [],
    triplet: 's390x-linux-gnu',
    elf: { machine: 22, bits: 64, endian: 'big' },
    libraryFlags: 0x0403,
    seccomp: ['SCMP_ARCH_S390X', 'SCMP_ARCH_S390'],
    console: 'ttysclp0',
    rootPartition: '5eead9a9-fe09-4a1e-a1d7-520d00531306',
    uBoot: 14,
    qemu: {
      program: 'qemu-system-s390x',
      package: 'qemu-system-s390x',
      machine: 's390-ccw-virtio',
      cpu: 'max',
      bus: 'ccw',
    },
  },
};

/** Those that have devices with two slots: the firmware starts what we put on a disk. The others get kernel and initrd. */
export const DEVICE_ARCHES: readonly Arch[] = Arch.options.filter(
  (arch) => ARCHITECTURES[arch].efi !== undefined,
);

/** Those whose devices tests, campaigns and benches start from end to end; the demo has more. */
export const WholeChainArch = Arch.extract(['amd64', 'arm64']);
export type WholeChainArch = z.infer<typeof WholeChainArch>;

/**
 * An architecture by any of its names: ours, Debian's, a compiler's, and a platform of images such as `linux/arm/v7`.
 *
 * @returns undefined for what Slipway builds nothing for
 */
export const parseArch = (name: string): Arch | undefined => {
  const wanted = name.toLowerCase().replace(/^linux\//, '');
  return Arch.options.find((arch) => {
    const { debian, aliases, variants, oci } = ARCHITECTURES[arch];
    return (
      [arch, debian, ...aliases].includes(wanted) ||
      (oci.variant === undefined && variants.some((variant) => wanted === `${oci.architecture}/${variant}`))
    );
  });
};

/**
 * That of this machine.
 *
 * @param name what Node calls it, `process.arch`
 */
export const hostArch = (name: string): Arch => parseArch(name) ?? 'amd64';

/** Files of UEFI: of Debian's package systemd-boot-efi, and where the firmware looks on a disk. */
export type EfiNames = { readonly stub: string; readonly loader: string; readonly firstFile: string };

/** @throws {SlipwayError} ARCH_UNSUPPORTED for machines without UEFI */
export const efiNames = (arch: Arch): EfiNames => {
  const { efi } = ARCHITECTURES[arch];
  if (efi === undefined)
    throw new SlipwayError(
      'ARCH_UNSUPPORTED',
      `machines of ${arch} have no UEFI, by which a device chooses its slot; build kernel+initrd or tar with slipway build --arch ${arch}`,
      { details: { arch } },
    );
  return {
    stub: `linux${efi.suffix}.efi.stub`,
    loader: `systemd-boot${efi.suffix}.efi`,
    firstFile: `EFI/BOOT/BOOT${efi.suffix.toUpperCase()}.EFI`,
  };
};
