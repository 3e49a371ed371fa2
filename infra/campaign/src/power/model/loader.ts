import type { Variable } from '../../firmware/variable-store.ts';
import { fileAt, type FatContent } from '../../firmware/fat.ts';

export const LOADER_GUID = '4a67b082-0a4c-41cf-b6c7-440b29bb8c4f';
export const FIRMWARE_GUID = '8be4df61-93ca-11d2-aa0d-00e098032b8c';

export type Variables = Map<string, Variable>;

export const ONE_SHOT = `LoaderEntryOneShot-${LOADER_GUID}`;
export const DEFAULT = `LoaderEntryDefault-${LOADER_GUID}`;
const BOOT_NEXT = `BootNext-${FIRMWARE_GUID}`;

/** What boots at all without a menu or a shell. */
const PATHS = ['EFI/BOOT/BOOTX64.EFI', 'EFI/BOOT/BOOTAA64.EFI'];

const textOf = (variable: Variable | undefined): string | undefined =>
  variable?.value.toString('utf16le').replace(/\0.*$/s, '').toLowerCase();

export type Choice = {
  /** file name of the entry in `EFI/Linux`, lower case */
  readonly entry: string;
  /** it was chosen for this boot alone */
  readonly isOneShot: boolean;
};

export type Firmware = {
  /** finds the boot loader on the ESP and holds it against what the factory put there */
  readonly startsLoader: (esp: FatContent) => boolean;
};

export const firmwareOf = (factory: FatContent): Firmware => ({
  startsLoader: (esp) =>
    PATHS.some((path) => {
      const wanted = fileAt(factory, path);
      return wanted !== undefined && fileAt(esp, path)?.equals(wanted) === true;
    }),
});

const entriesOf = (esp: FatContent): string[] =>
  [...esp.files.keys()]
    .map((path) => path.toLowerCase())
    .filter((path) => /^efi\/linux\/[^/]+\.efi$/.test(path))
    .map((path) => path.slice('efi/linux/'.length))
    .sort();

/**
 * One start of firmware and systemd-boot: takes from the variables what is used up, and says which entry starts.
 *
 * @returns undefined where there is no entry at all
 * @see systemd-boot(7): LoaderEntryOneShot, LoaderEntryDefault, `default` of loader.conf, then the newest
 */
export const startLoader = (variables: Variables, esp: FatContent): Choice | undefined => {
  variables.delete(BOOT_NEXT);
  const oneShot = textOf(variables.get(ONE_SHOT));
  // Forgotten before it is started, whatever becomes of it.
  variables.delete(ONE_SHOT);
  const entries = entriesOf(esp);
  const has = (entry: string | undefined): entry is string => entry !== undefined && entries.includes(entry);
  if (has(oneShot)) return { entry: oneShot, isOneShot: true };
  const named = textOf(variables.get(DEFAULT));
  if (has(named)) return { entry: named, isOneShot: false };
  const configured = /^default\s+(\S+)/m.exec(fileAt(esp, 'loader/loader.conf')?.toString() ?? '')?.[1];
  if (has(configured)) return { entry: configured, isOneShot: false };
  const last = entries.at(-1);
  return last === undefined ? undefined : { entry: last, isOneShot: false };
};
