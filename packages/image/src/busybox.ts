import { SlipwayError } from '@slipway/protocol';

const FIRST_APPLETS = '[\0[[\0';

/**
 * Names of the applets in a busybox binary, read from the table it looks them up in: a busybox of another architecture
 * cannot be asked on the build machine.
 *
 * @throws {SlipwayError} COMPONENT_INVALID if there is no such table
 */
export const busyboxApplets = (binary: Uint8Array): string[] => {
  const bytes = Buffer.from(binary.buffer, binary.byteOffset, binary.byteLength);
  const at = bytes.indexOf(FIRST_APPLETS, 0, 'latin1');
  const end = at < 0 ? -1 : bytes.indexOf('\0\0', at, 'latin1');
  const names = end < 0 ? [] : bytes.toString('latin1', at, end).split('\0');
  const isTable = names.length > 50 && names.every((name) => /^[a-z0-9[_.-]+$/.test(name));
  if (!isTable)
    throw new SlipwayError(
      'COMPONENT_INVALID',
      'expected a busybox with a table of applets that starts with [ and [[; found none. Use the package busybox-static',
    );
  return names;
};
