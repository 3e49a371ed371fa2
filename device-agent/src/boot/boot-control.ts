import type { SlotName } from '@slipway/protocol';

/** What the agent asks of a boot loader. systemd-boot is the first; U-Boot and the Raspberry Pi come later. */
export type BootControl = {
  /** @returns null where no default is named or it is none of ours */
  readonly readDefault: () => Promise<SlotName | null>;
  /**
   * The next boot, and only that one, starts this slot. Where it throws, nothing is armed.
   *
   * @throws {SlipwayError} BOOT_CONTROL_FAILED
   */
  readonly arm: (slot: SlotName) => Promise<void>;
  /** Takes back an `arm`; well if there was none. */
  readonly disarm: () => Promise<void>;
  /**
   * This slot is started from now on. Read back before it returns.
   *
   * @returns what is worth a line in the log although the default is set
   * @throws {SlipwayError} BOOT_CONTROL_FAILED; then the default is what it was
   */
  readonly setDefault: (slot: SlotName) => Promise<string | undefined>;
};

/** Where the UKI of a slot lies on the ESP. */
export const ukiPath = (slot: SlotName): string => `EFI/Linux/${ukiName(slot)}`;
export const ukiName = (slot: SlotName): string => `slot-${slot}.efi`;
