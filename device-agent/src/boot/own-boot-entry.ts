import type { AgentConfig } from '../config.ts';
import type { Files } from '../runtime/port.ts';
import {
  decodeNumbers,
  encodeBootEntry,
  encodeNumbers,
  entryName,
  startsSame,
  type BootEntry,
} from './efi-boot-entry.ts';
import { decodeEfiString, FIRMWARE_GUID, LOADER_GUID, type EfiVariables } from './efi-variables.ts';
import { equalBytes } from './in-place.ts';

const DESCRIPTION = 'Slipway';
/** Ours is the first of these that is free: firmware numbers its own entries from 0. */
const NUMBERS = Array.from({ length: 16 }, (_, index) => 0x1000 + index);
/** Sizes in sysfs count these, whatever the disk's blocks are. */
const SYSFS_SECTOR = 512;

/**
 * A boot entry for the boot loader of this disk. Firmware that loses its own entry, or returns from a UKI that cannot be
 * loaded, tries it next instead of sitting in its shell or waiting for the network.
 */
export type OwnBootEntry = {
  /** undefined: the firmware or the loader does not say where it was started from, so there is nothing to name */
  readonly wanted: () => Promise<BootEntry | undefined>;
  /** number of the entry that is there and in the order; undefined where there is none */
  readonly find: (entry: BootEntry) => Promise<number | undefined>;
  /** Adds it, right behind the entry that started this boot. @returns its number */
  readonly add: (entry: BootEntry) => Promise<number>;
};

export const ownBootEntry = (
  files: Files,
  variables: EfiVariables,
  { sysDir }: Pick<AgentConfig, 'sysDir'>,
): OwnBootEntry => {
  const text = async (path: string): Promise<string> =>
    new TextDecoder().decode((await files.read(path)) ?? new Uint8Array()).trim();
  const number = async (path: string): Promise<number> => Number.parseInt(await text(path), 10);
  const loaderString = async (name: string): Promise<string | undefined> => {
    const value = await variables.read(name, LOADER_GUID);
    return value === undefined ? undefined : decodeEfiString(value);
  };
  const order = async (): Promise<readonly number[]> =>
    decodeNumbers(await variables.read('BootOrder', FIRMWARE_GUID));
  const entryAt = async (at: number) => variables.read(entryName(at), FIRMWARE_GUID);

  return {
    wanted: async () => {
      const [guid, file] = [
        await loaderString('LoaderDevicePartUUID'),
        await loaderString('LoaderImageIdentifier'),
      ];
      if (guid === undefined || file === undefined) return undefined;
      const blocks = `${sysDir}/class/block`;
      for (const name of await files.list(blocks)) {
        const uevent = await text(`${blocks}/${name}/uevent`);
        if (!/^PARTNAME=esp$/m.test(uevent)) continue;
        const partition = await number(`${blocks}/${name}/partition`);
        const [start, size] = [
          await number(`${blocks}/${name}/start`),
          await number(`${blocks}/${name}/size`),
        ];
        const block = await number(`${blocks}/${name}/../queue/logical_block_size`);
        const scale = SYSFS_SECTOR / (Number.isNaN(block) ? SYSFS_SECTOR : block);
        if ([partition, start, size].some(Number.isNaN)) return undefined;
        return {
          description: DESCRIPTION,
          partition: {
            number: partition,
            start: start * scale,
            size: size * scale,
            guid: guid.toLowerCase(),
          },
          file,
        };
      }
      return undefined;
    },

    find: async (entry) => {
      for (const candidate of await order()) {
        if (startsSame(await entryAt(candidate), entry)) return candidate;
      }
      return undefined;
    },

    add: async (entry) => {
      const value = encodeBootEntry(entry);
      let mine: number | undefined;
      for (const candidate of NUMBERS) {
        const found = await entryAt(candidate);
        if (found === undefined) await variables.write(entryName(candidate), FIRMWARE_GUID, value);
        else if (!equalBytes(found, value)) continue;
        mine = candidate;
        break;
      }
      if (mine === undefined) throw new Error('no number between Boot1000 and Boot100F is free');
      const [current] = decodeNumbers(await variables.read('BootCurrent', FIRMWARE_GUID));
      const before = (await order()).filter((candidate) => candidate !== mine);
      const at = current === undefined ? -1 : before.indexOf(current);
      await variables.write('BootOrder', FIRMWARE_GUID, encodeNumbers(before.toSpliced(at + 1, 0, mine)));
      return mine;
    },
  };
};
