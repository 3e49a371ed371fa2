import { createHash } from 'node:crypto';
import { fileAt, readFat, type FatContent } from '../../firmware/fat.ts';
import { partitionsOf, placeOf } from '../../firmware/gpt.ts';
import { readVariables } from '../../firmware/variable-store.ts';
import { slice, type Disk } from '../../block/overlay-disk.ts';
import type { SlotName } from '@slipway/protocol';
import type { Release } from '../ground/releases.ts';
import type { Scenario } from '../record/scenario.ts';

const PIECE = 1024 * 1024;

/** `sha256:…` of the first bytes of a disk. */
export const digestOfDisk = (disk: Disk, bytes: number): string => {
  const hash = createHash('sha256');
  for (let at = 0; at < bytes; at += PIECE) hash.update(disk.read(at, Math.min(PIECE, bytes - at)));
  return `sha256:${hash.digest('hex')}`;
};

const digestOf = (bytes: Buffer): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

export const sizeOf = (release: Release, name: 'root.img' | 'uki.efi'): number =>
  release.result.artifacts.find((artifact) => artifact.name === name)?.size ?? 0;

const LOADER_DEFAULT = 'LoaderEntryDefault-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f';

/** What the loader starts from now on: its variable, or else its configuration. */
const defaultOf = (value: Buffer | undefined, esp: FatContent): string => {
  if (value !== undefined) return value.toString('utf16le').replace(/\0.*$/s, '');
  return /^default\s+(\S+)/m.exec(fileAt(esp, 'loader/loader.conf')?.toString() ?? '')?.[1] ?? 'none';
};

/** A medium when the update has ended, whether it is a disk or the directory of a model. */
export type Medium = {
  readonly root: (slot: SlotName) => Disk;
  readonly esp: FatContent;
  readonly loaderDefault: Buffer | undefined;
};

export const mediumOf = (disk: Disk, vars: Disk): Medium => {
  const places = partitionsOf(disk);
  const part = (name: string): Disk => {
    const place = placeOf(places, name);
    return slice(disk, place.offset, place.size);
  };
  return {
    root: (slot) => part(`root-${slot}`),
    esp: readFat(part('esp')),
    loaderDefault: readVariables(vars).get(LOADER_DEFAULT)?.value,
  };
};

/**
 * Holds what is on the medium in the end against what the update promised: read from outside, by nothing of the guest.
 *
 * @returns what is wrong; empty where nothing is
 */
export const faultsOfMedium = ({ root, esp, loaderDefault }: Medium, scenario: Scenario): string[] => {
  const faults = esp.faults.map((fault) => `esp: ${fault}`);
  const expect = (what: string, found: string, wanted: string): void => {
    if (found !== wanted) faults.push(`${what}: expected ${wanted}, found ${found}`);
  };
  const holds = (slot: SlotName, release: Release): void => {
    const found = digestOfDisk(root(slot), sizeOf(release, 'root.img'));
    expect(`root-${slot}`, found, release.digestOf('root.img'));
    const uki = fileAt(esp, `EFI/Linux/slot-${slot}.efi`);
    expect(`slot-${slot}.efi`, uki === undefined ? 'none' : digestOf(uki), release.digestOf('uki.efi'));
  };
  holds(scenario.oldSlot, scenario.oldRelease);
  if (scenario.expected.slot === scenario.newSlot) holds(scenario.newSlot, scenario.newRelease);
  expect('the default of the loader', defaultOf(loaderDefault, esp), `slot-${scenario.expected.slot}.efi`);
  expect('loader.conf', defaultOf(undefined, esp), `slot-${scenario.expected.slot}.efi`);
  return faults;
};
