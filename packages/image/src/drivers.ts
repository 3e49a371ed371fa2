/**
 * Kernel modules of an image. Which of them exist depends on the kernel; the ones it has built in or lacks are skipped,
 * and what they need is added.
 */

/** What the initramfs loads, in this order of groups. */
export const INITRAMFS_MODULES = {
  /** hashing with instructions of the processor; they refuse to load where it has none */
  hash: ['sha256_ssse3', 'sha256_arm64', 'sha2_ce'],
  /** to verify a slot and mount it, and the disk of a virtual machine */
  first: ['virtio_pci', 'virtio_mmio', 'virtio_blk', 'dm_mod', 'dm_verity', 'erofs', 'efivarfs'],
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
} as const;

/** Loaded at every start, before services. */
export const BOOT_MODULES = [
  'virtio_net',
  'virtio_rng',
  'nls_ascii',
  'nls_cp437',
  'nls_iso8859_1',
  'vfat',
  'ext4',
  'overlay',
  'i6300esb',
  'softdog',
] as const;

/** There for services that ask for them with `modprobe`. */
export const SPARE_MODULES = [
  'tun',
  'veth',
  'bridge',
  'macvlan',
  'vxlan',
  'wireguard',
  'nf_tables',
  'nft_chain_nat',
  'nft_ct',
  'nft_masq',
  'nft_reject_inet',
  'loop',
  'fuse',
  'squashfs',
  'dm_crypt',
] as const;
