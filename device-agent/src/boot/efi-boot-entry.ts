import { encodeEfiString } from './efi-variables.ts';

/** What the firmware needs to start a file of a partition. */
export type BootEntry = {
  readonly description: string;
  readonly partition: {
    readonly number: number;
    /** in logical blocks of the disk */
    readonly start: number;
    readonly size: number;
    /** GUID of the partition, as text */
    readonly guid: string;
  };
  /** as the firmware writes it: `\EFI\BOOT\BOOTX64.EFI` */
  readonly file: string;
};

const ACTIVE = 1;
const HEADER_BYTES = 6;
const MEDIA = 4;
const HARD_DRIVE = { subtype: 1, bytes: 42 };
const FILE_PATH_SUBTYPE = 4;
const GPT = 2;
const SIGNATURE_IS_GUID = 2;
const END = [0x7f, 0xff, 4, 0];

/** The first three groups of a GUID are stored little-endian. */
const guidBytes = (guid: string): readonly number[] => {
  const groups = guid
    .split('-')
    .map((group) => (group.match(/../g) ?? []).map((hex) => Number.parseInt(hex, 16)));
  return groups.flatMap((group, index) => (index < 3 ? group.toReversed() : group));
};

/** From the hard drive on: what makes two entries start the same file. */
const devicePath = ({ partition, file }: BootEntry): Uint8Array => {
  const path = encodeEfiString(file);
  const bytes = new Uint8Array(HARD_DRIVE.bytes + 4 + path.length + END.length);
  const view = new DataView(bytes.buffer);
  bytes.set([MEDIA, HARD_DRIVE.subtype, HARD_DRIVE.bytes, 0]);
  view.setUint32(4, partition.number, true);
  view.setBigUint64(8, BigInt(partition.start), true);
  view.setBigUint64(16, BigInt(partition.size), true);
  bytes.set(guidBytes(partition.guid), 24);
  bytes.set([GPT, SIGNATURE_IS_GUID], 40);
  bytes.set([MEDIA, FILE_PATH_SUBTYPE], HARD_DRIVE.bytes);
  view.setUint16(HARD_DRIVE.bytes + 2, 4 + path.length, true);
  bytes.set(path, HARD_DRIVE.bytes + 4);
  bytes.set(END, bytes.length - END.length);
  return bytes;
};

/**
 * The value of a `Boot####` variable.
 *
 * @see UEFI specification, 3.1.3 "Load Options", 10.3.5 "Media Device Path"
 */
export const encodeBootEntry = (entry: BootEntry): Uint8Array => {
  const description = encodeEfiString(entry.description);
  const path = devicePath(entry);
  const bytes = new Uint8Array(HEADER_BYTES + description.length + path.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, ACTIVE, true);
  view.setUint16(4, path.length, true);
  bytes.set(description, HEADER_BYTES);
  bytes.set(path, HEADER_BYTES + description.length);
  return bytes;
};

/** Whether a `Boot####` variable is active and starts the same file of the same partition by a short path. */
export const startsSame = (value: Uint8Array | undefined, entry: BootEntry): boolean => {
  if (value === undefined || value.length < HEADER_BYTES || ((value[0] ?? 0) & ACTIVE) === 0) return false;
  let at = HEADER_BYTES;
  while (at + 1 < value.length && (value[at] !== 0 || value[at + 1] !== 0)) at += 2;
  const path = value.subarray(at + 2);
  const wanted = devicePath(entry);
  return path.length >= wanted.length && wanted.every((byte, index) => path[index] === byte);
};

/** Numbers of boot entries as `BootOrder`, `BootCurrent` and `BootNext` hold them. */
export const decodeNumbers = (value: Uint8Array | undefined): readonly number[] => {
  if (value === undefined) return [];
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
  return Array.from({ length: Math.floor(value.length / 2) }, (_, index) => view.getUint16(2 * index, true));
};

export const encodeNumbers = (numbers: readonly number[]): Uint8Array => {
  const bytes = new Uint8Array(2 * numbers.length);
  const view = new DataView(bytes.buffer);
  for (const [index, number] of numbers.entries()) view.setUint16(2 * index, number, true);
  return bytes;
};

export const entryName = (number: number): string =>
  `Boot${number.toString(16).toUpperCase().padStart(4, '0')}`;
