import { messageOf, otherSlot, SlipwayError, type BootLoader, type SlotName } from '@slipway/protocol';
import type { Finding } from './finding.ts';

/**
 * What the agent asks of a boot loader. Four do it: systemd-boot, U-Boot, the firmware of a Raspberry Pi, GRUB. All keep
 * the same promise: the default starts, unless another slot was armed, which then gets the next boot and no other.
 */
export type BootControl = {
  readonly loader: BootLoader;
  /** @returns null where no default is named or it is none of ours */
  readonly readDefault: () => Promise<SlotName | null>;
  /**
   * The next boot, and only that one, starts this slot. Read back before it returns; where it throws, nothing is armed.
   *
   * @throws {SlipwayError} BOOT_CONTROL_FAILED
   */
  readonly arm: (slot: SlotName) => Promise<void>;
  /**
   * Takes back an `arm`; well if there was none.
   *
   * @throws {SlipwayError} BOOT_CONTROL_FAILED
   */
  readonly disarm: () => Promise<void>;
  /**
   * This slot is started from now on, and nothing is armed any more. Read back before it returns.
   *
   * @returns what is worth a line in the log although the default is set
   * @throws {SlipwayError} BOOT_CONTROL_FAILED; then the default is what it was
   */
  readonly setDefault: (slot: SlotName) => Promise<string | undefined>;
  /** What the loader is about to do, and what it last did, as far as it says. */
  readonly describe: () => Promise<BootDescription>;
  /** What `reboot` must be given for the armed boot to come; undefined where nothing is armed or the loader knows by itself. */
  readonly rebootArgument: () => Promise<string | undefined>;
  /** Puts right at each start of the agent what a loader may have lost. @returns lines for the log */
  readonly prepare: () => Promise<readonly string[]>;
  /** What doctor says of this loader; changes nothing. */
  readonly inspect: () => Promise<readonly Finding[]>;
};

export type BootDescription = {
  readonly loader: BootLoader;
  /** started by default; null where none of ours is named */
  readonly default: SlotName | null;
  /** started once, by the next boot */
  readonly armed: SlotName | null;
  /** the loader took the last armed boot and went on to this slot, whatever came of it; null where it keeps no trace */
  readonly tried: SlotName | null;
  /** false: a power cut between arming and reboot disarms, so that it proves nothing about the trial */
  readonly keepsArming: boolean;
};

/** Where the UKI of a slot lies on the ESP. */
export const ukiPath = (slot: SlotName): string => `EFI/Linux/${ukiName(slot)}`;
export const ukiName = (slot: SlotName): string => `slot-${slot}.efi`;

/** An error of the storage below, as one of boot control. */
export const bootControlFailed = (what: string, cause: unknown): SlipwayError =>
  cause instanceof SlipwayError && cause.code === 'BOOT_CONTROL_FAILED'
    ? cause
    : new SlipwayError('BOOT_CONTROL_FAILED', `${what}: ${messageOf(cause)}`, { cause });

export const isSlotName = (text: string | undefined): text is SlotName => text === 'a' || text === 'b';

/**
 * A trial needs a slot to come back to: where the loader names no default, the other slot is made it before anything is
 * armed.
 *
 * @throws {SlipwayError} BOOT_CONTROL_FAILED where the slot to be tried is the default already
 */
export const ensureReturn = async (
  { readDefault, setDefault }: Pick<BootControl, 'readDefault' | 'setDefault'>,
  slot: SlotName,
): Promise<void> => {
  const current = await readDefault();
  if (current === null) await setDefault(otherSlot(slot));
  else if (current === slot) {
    throw new SlipwayError(
      'BOOT_CONTROL_FAILED',
      `arming slot ${slot}: expected slot ${otherSlot(slot)} as the default to come back to, found slot ${slot}; see slipway-agent doctor.`,
    );
  }
};
