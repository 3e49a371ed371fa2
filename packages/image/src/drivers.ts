/**
 * Kernel modules of an image. Which of them exist depends on the kernel; the ones it has built in or lacks are skipped,
 * and what they need is added.
 */

/** To find the disk, verify the slot and mount it. */
export const INITRAMFS_MODULES = [
  'virtio_pci',
  'virtio_mmio',
  'virtio_blk',
  'virtio_scsi',
  'nvme',
  'ahci',
  'sd_mod',
  'mmc_block',
  'dm_mod',
  'dm_verity',
  'erofs',
  'efivarfs',
] as const;

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
