import type { Disk } from '../block/overlay-disk.ts';

/** One EFI variable as the next boot will find it. */
export type Variable = { readonly attributes: number; readonly value: Buffer };

const VOLUME_SIGNATURE = '_FVH';
/** EFI_AUTHENTICATED_VARIABLE_GUID */
const STORE_GUID = '78 2c f3 aa 7b 94 9a 43 a1 80 2e 14 4e c3 77 92'.replaceAll(' ', '');
const STORE_HEADER = 28;
const STORE_IS_FORMATTED = 0x5a;
const STORE_IS_HEALTHY = 0xfe;
const START_ID = 0x55aa;
const HEADER = 60;
/** Bits of the state go from 1 to 0, one after the other, so that any of them survives a cut. */
const ADDED = 0x3f;
const IN_DELETED_TRANSITION = 0xfe;

const aligned = (length: number): number => Math.ceil(length / 4) * 4;

const guidOf = (bytes: Buffer): string => {
  const reversed = (from: number, to: number): string =>
    Buffer.from(bytes.subarray(from, to)).reverse().toString('hex');
  return [
    reversed(0, 4),
    reversed(4, 6),
    reversed(6, 8),
    bytes.toString('hex', 8, 10),
    bytes.toString('hex', 10, 16),
  ].join('-');
};

/**
 * Reads the variables of a flash as EDK2 does at its next start: those that were added, and those whose replacement was
 * begun and not finished.
 *
 * @returns by `NAME-GUID`, as efivarfs names them
 * @throws where the store is not whole: then the firmware restores it from its spare block
 * @see EDK2, MdeModulePkg/Include/Guid/VariableFormat.h
 */
export const readVariables = (flash: Disk): ReadonlyMap<string, Variable> => {
  const volume = flash.read(0, 64);
  if (volume.toString('latin1', 40, 44) !== VOLUME_SIGNATURE)
    throw new Error('the flash has no firmware volume');
  const storeAt = volume.readUInt16LE(48);
  const header = flash.read(storeAt, STORE_HEADER);
  if (
    header.toString('hex', 0, 16) !== STORE_GUID ||
    header.readUInt8(20) !== STORE_IS_FORMATTED ||
    header.readUInt8(21) !== STORE_IS_HEALTHY
  )
    throw new Error('the flash has no healthy variable store');
  const store = flash.read(storeAt, header.readUInt32LE(16));
  const added = new Map<string, Variable>();
  const transition = new Map<string, Variable>();
  for (let at = aligned(STORE_HEADER); at + HEADER <= store.length && store.readUInt16LE(at) === START_ID;) {
    const state = store.readUInt8(at + 2);
    const nameSize = store.readUInt32LE(at + 36);
    const dataSize = store.readUInt32LE(at + 40);
    const isWritten = nameSize !== 0xffff_ffff && dataSize !== 0xffff_ffff;
    const nameAt = at + HEADER;
    const dataAt = isWritten ? nameAt + nameSize : nameAt;
    if (isWritten && dataAt + dataSize <= store.length) {
      const name = store.toString('utf16le', nameAt, nameAt + nameSize).replace(/\0.*$/s, '');
      const key = `${name}-${guidOf(store.subarray(at + 44, at + HEADER))}`;
      const variable = {
        attributes: store.readUInt32LE(at + 4),
        value: store.subarray(dataAt, dataAt + dataSize),
      };
      if (state === ADDED) added.set(key, variable);
      else if (state === (ADDED & IN_DELETED_TRANSITION)) transition.set(key, variable);
    }
    at = aligned(isWritten ? dataAt + dataSize : nameAt);
  }
  for (const [key, variable] of transition) if (!added.has(key)) added.set(key, variable);
  return added;
};
