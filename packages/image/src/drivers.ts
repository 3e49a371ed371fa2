/**
 * Kernel modules of an image. Which of them exist depends on the kernel; the ones it has built in or lacks are skipped,
 * and what they need is added.
 */

/** What the initramfs of every image loads, by the lists of `early/init.c`. */
export const INITRAMFS_MODULES = {
  /**
   * Keeps the text of a panic in EFI variables, and writes others; before everything else, so that there is no panic and
   * no mark of a trial without.
   */
  evidence: ['efi_pstore', 'efivarfs'],
  /** of machines; there is one, or none */
  watchdog: [
    'i6300esb',
    'iTCO_wdt',
    'sp5100_tco',
    'wdat_wdt',
    'bcm2835_wdt',
    'imx2_wdt',
    'dw_wdt',
    'sbsa_gwdt',
  ],
  /** where the machine has none */
  softdog: ['softdog'],
  /** hashing with instructions of the processor; they refuse to load where it has none */
  hash: ['sha256_ssse3', 'sha256_arm64', 'sha2_ce'],
  /** to verify a slot and mount it; erofs asks for a checksum that some kernels have as a module of another name */
  first: ['crc32c_generic', 'dm_mod', 'dm_verity', 'erofs'],
} as const;

/** A machine that resets by itself a minute after nobody feeds its watchdog, which nothing can switch off. */
const HEARTBEAT = 'heartbeat=60 nowayout=1';
export const MODULE_PARAMETERS: ReadonlyMap<string, string> = new Map([
  ['i6300esb', HEARTBEAT],
  ['iTCO_wdt', HEARTBEAT],
  ['sp5100_tco', HEARTBEAT],
  ['bcm2835_wdt', HEARTBEAT],
  ['wdat_wdt', 'timeout=60 nowayout=1'],
  ['imx2_wdt', 'timeout=60 nowayout=1'],
  ['dw_wdt', 'nowayout=1'],
  ['sbsa_gwdt', 'timeout=60 nowayout=1'],
  // A panic, so that the cause is on record; a plain restart would leave none.
  ['softdog', 'soft_margin=60 nowayout=1 soft_panic=1'],
]);

/** By when they are loaded. */
export type Drivers = Readonly<Record<'first' | 'disks' | 'network', readonly string[]>>;

/** Drivers of a class that names none. */
export const USUAL_DRIVERS = {
  /** the disk of a virtual machine */
  first: ['virtio_pci', 'virtio_mmio', 'virtio_blk'],
  /** loaded only if no slot is found without */
  disks: [
    'nvme',
    'ahci',
    'sd_mod',
    'virtio_scsi',
    'usb_storage',
    'uas',
    'mmc_block',
    'sdhci_pci',
    'sdhci_acpi',
  ],
  network: ['virtio_net'],
} as const;

/** The same for a Raspberry Pi. */
const RPI_DRIVERS = {
  /** the SD card, and the regulator of its voltage */
  first: ['gpio_raspberrypi_exp', 'gpio_regulator', 'sdhci_iproc', 'bcm2835', 'mmc_block'],
  disks: ['pcie_brcmstb', 'xhci_pci', 'dwc2', 'usb_storage', 'uas', 'nvme'],
  network: ['genet', 'bcmgenet', 'smsc95xx', 'lan78xx'],
} as const;

/** Drivers of a class that names none, by what its devices are. */
export const usualDrivers = (board: 'uefi' | 'rpi'): Drivers =>
  board === 'rpi' ? RPI_DRIVERS : USUAL_DRIVERS;

/** Loaded at every start, before services. */
export const BOOT_MODULES = [
  'virtio_rng',
  'nls_ascii',
  'nls_cp437',
  'nls_iso8859_1',
  'vfat',
  'ext4',
] as const;
