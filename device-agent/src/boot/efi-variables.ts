import { SlipwayError } from '@slipway/protocol';
import type { Runtime } from '../runtime/port.ts';
import { equalBytes } from './in-place.ts';

/** Variables of the boot loader interface, and of the firmware itself. */
export const LOADER_GUID = '4a67b082-0a4c-41cf-b6c7-440b29bb8c4f';
export const FIRMWARE_GUID = '8be4df61-93ca-11d2-aa0d-00e098032b8c';

/** non-volatile, boot service access, runtime access */
const ATTRIBUTES = 7;
const ATTRIBUTE_BYTES = 4;

export type EfiVariables = {
  /** @returns the value without its attributes, undefined where it does not exist or is empty */
  readonly read: (name: string, guid: string) => Promise<Uint8Array | undefined>;
  /** Writes and reads back. */
  readonly write: (name: string, guid: string, value: Uint8Array) => Promise<void>;
  /** Well if it is not there. */
  readonly remove: (name: string, guid: string) => Promise<void>;
};

export const efiVariables = (
  runtime: Pick<Runtime, 'files' | 'processes'>,
  directory: string,
): EfiVariables => {
  const { files, processes } = runtime;
  const path = (name: string, guid: string): string => `${directory}/${name}-${guid}`;
  const read: EfiVariables['read'] = async (name, guid) => {
    const bytes = await files.read(path(name, guid));
    return bytes === undefined || bytes.length <= ATTRIBUTE_BYTES
      ? undefined
      : bytes.subarray(ATTRIBUTE_BYTES);
  };
  /** efivarfs makes variables immutable. Where that cannot be undone, the write that follows says so. */
  const unlock = async (file: string): Promise<void> => {
    if ((await files.read(file)) !== undefined) await processes.run(['chattr', '-i', file]);
  };
  return {
    read,
    write: async (name, guid, value) => {
      const file = path(name, guid);
      const bytes = new Uint8Array(ATTRIBUTE_BYTES + value.length);
      bytes[0] = ATTRIBUTES;
      bytes.set(value, ATTRIBUTE_BYTES);
      await unlock(file);
      await files.poke(file, bytes);
      const found = await read(name, guid);
      if (found === undefined || !equalBytes(found, value)) {
        throw new SlipwayError(
          'BOOT_CONTROL_FAILED',
          `EFI variable ${name}: what was read back differs from what was written; check the variable store of the firmware.`,
        );
      }
    },
    remove: async (name, guid) => {
      const file = path(name, guid);
      await unlock(file);
      await files.remove(file);
      if ((await read(name, guid)) === undefined) return;
      throw new SlipwayError(
        'BOOT_CONTROL_FAILED',
        `EFI variable ${name}: it is still there after it was removed; check the variable store of the firmware.`,
      );
    },
  };
};

/** UTF-16LE with a NUL at the end, as the boot loader interface wants its strings. */
export const encodeEfiString = (text: string): Uint8Array => {
  const bytes = new Uint8Array(2 * (text.length + 1));
  const view = new DataView(bytes.buffer);
  for (let at = 0; at < text.length; at++) view.setUint16(2 * at, text.charCodeAt(at), true);
  return bytes;
};

export const decodeEfiString = (bytes: Uint8Array): string => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let text = '';
  for (let at = 0; at + 1 < bytes.length; at += 2) {
    const unit = view.getUint16(at, true);
    if (unit === 0) break;
    text += String.fromCharCode(unit);
  }
  return text;
};
