import { readContent, type Tree } from '@slipway/components';
import { AUTOBOOT_FILE, SlipwayError } from '@slipway/protocol';
import { fileAt } from '../resolve-path.ts';
import { slotWord } from './tryboot-script.ts';

type Slot = 'a' | 'b';

export type BoardFile = { readonly path: string; readonly content: Uint8Array };

/** Numbers of the partitions, as `autoboot.txt` names them; the agent takes the same for its default. */
const PARTITION = { a: 2, b: 3 } as const;
/** The agent rewrites these bytes in place, and no others. */
const AUTOBOOT_BYTES = 256;

/** The screen, and the pins that `enable_uart=1` brings to life, as a plain Linux calls them. */
export const RPI_CONSOLE = 'console=tty0 console=ttyS1,115200';

/** `autoboot.txt` of a new device: slot a, slot b on trial. */
export const firstAutoboot = (): Buffer =>
  Buffer.from(
    [
      '[all]',
      'tryboot_a_b=1',
      `boot_partition=${PARTITION.a}`,
      '[tryboot]',
      `boot_partition=${PARTITION.b}`,
      '[all]',
      '',
    ]
      .join('\n')
      .padEnd(AUTOBOOT_BYTES, '\n'),
  );

/** A folder of the kernel component whose files go to the boot partitions as they are; the others are Debian's places. */
const OWN_FOLDER = 'rpi/';
const FIRMWARE = /^usr\/lib\/raspi-firmware\/(.+)$/;
const DEVICE_TREE = /^usr\/lib\/linux-image-[^/]+\/broadcom\/(bcm2[^/]+\.dtb)$/;
const OVERLAY = /^usr\/lib\/linux-image-[^/]+\/(?:broadcom\/)?overlays\/([^/]+\.dtbo?)$/;
const U_BOOT = 'usr/lib/u-boot/rpi_arm64/u-boot.bin';

const U_BOOT_FILE = 'u-boot.bin';
const CONFIG_FILE = 'config.txt';
/** Stages of the firmware; a Raspberry Pi 5 has them in its EEPROM. */
const STAGE = /^start[^/]*\.elf$/;
/** What the ROM of a Raspberry Pi 3 and earlier ones loads, from the first partition. */
const ROM_FILE = 'bootcode.bin';

const placeOf = (path: string): string | undefined => {
  if (path.startsWith(OWN_FOLDER)) return path.slice(OWN_FOLDER.length);
  if (path === U_BOOT) return U_BOOT_FILE;
  const overlay = OVERLAY.exec(path)?.[1];
  if (overlay !== undefined) return `overlays/${overlay}`;
  return FIRMWARE.exec(path)?.[1] ?? DEVICE_TREE.exec(path)?.[1];
};

/** What the kernel component has for boot partitions, by its name there; its own folder goes before Debian's places. */
const filesFor = (tree: Tree): Map<string, Uint8Array> => {
  const found = new Map<string, Uint8Array>();
  const isOwn = (path: string): boolean => path.startsWith(OWN_FOLDER);
  for (const path of [...tree.keys()].sort((one, two) => Number(isOwn(one)) - Number(isOwn(two)))) {
    const place = placeOf(path);
    const file = place === undefined ? undefined : fileAt(tree, path);
    if (place !== undefined && file !== undefined) found.set(place, readContent(file.content));
  }
  return found;
};

const requireFile = (
  files: ReadonlyMap<string, Uint8Array>,
  what: RegExp,
  why: string,
  mend: string,
): void => {
  if ([...files.keys()].some((name) => what.test(name))) return;
  throw new SlipwayError(
    'COMPONENT_INVALID',
    `board rpi: expected ${why} in the kernel component, found none; ${mend}`,
    { details: { board: 'rpi', expected: why } },
  );
};

/** Settings of the component come first: ours hold for every model, whatever filter theirs end with. */
const configText = (own: Uint8Array | undefined): string =>
  [
    ...(own === undefined ? [] : [Buffer.from(own).toString().trimEnd(), '', '[all]']),
    '# Slipway: U-Boot starts the slot of this partition',
    'arm_64bit=1',
    'enable_uart=1',
    'upstream_kernel=1',
    `kernel=${U_BOOT_FILE}`,
    'cmdline=cmdline.txt',
    '',
  ].join('\n');

export type RaspberryPiFiles = {
  /** for the first partition, beside what every ESP has */
  readonly first: readonly BoardFile[];
  readonly boot: Readonly<Record<Slot, readonly BoardFile[]>>;
};

/**
 * What the firmware of a Raspberry Pi starts from: the files of its partitions, of the kernel component.
 *
 * @throws {SlipwayError} COMPONENT_INVALID if firmware, U-Boot or device trees are missing
 */
export const raspberryPiFiles = (kernel: Tree): RaspberryPiFiles => {
  const files = filesFor(kernel);
  requireFile(
    files,
    /^u-boot\.bin$/,
    `U-Boot as ${U_BOOT} or rpi/${U_BOOT_FILE}`,
    'add u-boot-rpi to the packages of the kernel',
  );
  requireFile(
    files,
    /^bcm2[^/]+\.dtb$/,
    'device trees of the board as usr/lib/linux-image-*/broadcom/bcm2*.dtb or in rpi/',
    'use a kernel for boards, such as the package linux-image-arm64',
  );
  requireFile(
    files,
    STAGE,
    'the firmware of the Raspberry Pi as usr/lib/raspi-firmware/start*.elf or in rpi/',
    'add raspi-firmware, which Debian has in non-free-firmware, to the packages of the kernel, or its files in rpi/',
  );
  const { [CONFIG_FILE]: config, [ROM_FILE]: rom, ...others } = Object.fromEntries(files);
  const shared = Object.entries(others).map(([path, content]) => ({ path, content }));
  const bootOf = (slot: Slot): BoardFile[] => [
    ...shared,
    { path: CONFIG_FILE, content: Buffer.from(configText(config)) },
    { path: 'cmdline.txt', content: Buffer.from(`${slotWord(slot)}\n`) },
  ];
  return {
    first: [
      { path: AUTOBOOT_FILE, content: firstAutoboot() },
      ...(rom === undefined ? [] : [{ path: ROM_FILE, content: rom }]),
    ],
    boot: { a: bootOf('a'), b: bootOf('b') },
  };
};
