import { z } from 'zod';

/** Boot loaders that know two slots, a default and a boot on trial. */
export const BootLoader = z.enum(['systemd-boot', 'u-boot', 'tryboot', 'grub']);
export type BootLoader = z.infer<typeof BootLoader>;

/**
 * U-Boot's own environment, as `fw_env.config` describes it. Two copies are a redundant environment, whose copies carry
 * a counter; one copy does not survive a cut while it is written.
 */
export const UBootEnvironment = z.object({
  /** of each copy, in bytes: `CONFIG_ENV_SIZE` */
  size: z.int().min(64).max(1_048_576),
  copies: z
    .array(z.object({ path: z.string(), offset: z.int().min(0).default(0) }))
    .min(1)
    .max(2),
});
export type UBootEnvironment = z.infer<typeof UBootEnvironment>;

/** Number of the FAT partition from which the firmware of a Raspberry Pi starts each slot. */
export const TrybootPartitions = z
  .object({ a: z.int().min(1), b: z.int().min(1) })
  .refine(({ a, b }) => a !== b, 'the slots need partitions of their own');
export type TrybootPartitions = z.infer<typeof TrybootPartitions>;

/** Variables that our boot scripts read and the agent writes. */
export const SLOT_DEFAULT = 'slot_default';
export const SLOT_TRY = 'slot_try';
export const TRY_ARMED = 'try_armed';

/** On the ESP: the environment of our U-Boot script, one sector in each of two files. */
export const U_BOOT_ESP_FILES = ['slipway/uboot.0', 'slipway/uboot.1'] as const;
export const U_BOOT_ESP_BYTES = 512;
/** Counter of the copies on the ESP; the greater one holds. */
export const U_BOOT_ESP_COUNTER = 'slipway_n';

/** On the ESP: GRUB's environment blocks. The second holds the default alone, for the day the first is damaged. */
export const GRUB_ESP_FILES = ['slipway/grubenv', 'slipway/grubenv.1'] as const;

/** On the first FAT partition of a Raspberry Pi, 512 bytes at most. */
export const AUTOBOOT_FILE = 'autoboot.txt';
