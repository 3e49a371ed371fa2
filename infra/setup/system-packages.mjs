/**
 * System packages that Slipway needs on a Debian-like machine: installs what is missing, and says what it installs.
 * Plain JavaScript without dependencies, because it runs on the machine's own Node before anything else is there.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** What Debian calls the processor of this machine, in paths. */
const MACHINE = { arm64: 'aarch64-linux-gnu' }[process.arch] ?? 'x86_64-linux-gnu';

/** What QEMU calls the other processor. */
const FOREIGN = process.arch === 'arm64' ? 'x86_64' : 'aarch64';

/** Program, Debian package that brings it, and what Slipway uses it for. A program may be an absolute path, with `*` for one folder. */
export const NEEDED = [
  ['redis-server', 'redis-server', 'the job queue'],
  ['mosquitto', 'mosquitto', 'the MQTT broker'],
  ['qemu-system-x86_64', 'qemu-system-x86', 'booting amd64 images'],
  ['qemu-system-aarch64', 'qemu-system-arm', 'booting arm64 images'],
  ['qemu-img', 'qemu-utils', 'booting disks of other formats, and reading them with other eyes in tests'],
  ['/usr/share/OVMF/OVMF_CODE_4M.fd', 'ovmf', 'UEFI firmware for amd64'],
  ['/usr/share/AAVMF/AAVMF_CODE.fd', 'qemu-efi-aarch64', 'UEFI firmware for arm64'],
  ['mkfs.erofs', 'erofs-utils', 'the root file system'],
  ['mksquashfs', 'squashfs-tools', 'images with a squashfs root'],
  ['xorriso', 'xorriso', 'ISO images'],
  ['veritysetup', 'cryptsetup-bin', 'checking dm-verity trees before they are signed'],
  ['mcopy', 'mtools', 'reading and changing the EFI system partition of a disk'],
  ['fsck.fat', 'dosfstools', 'checking FAT file systems in tests'],
  ['sgdisk', 'gdisk', 'reading partition tables with other eyes in tests'],
  ['mkfs.ext4', 'e2fsprogs', 'the data partition'],
  ['ssh', 'openssh-client', 'logging in to a device in tests'],
  ['openssl', 'openssl', 'checking signatures'],
  ['qjs', 'quickjs', 'running the device agent as devices do'],
  ['busybox', 'busybox', 'programs that the device agent uses'],
  [`/usr/lib/${MACHINE}/libmbedtls.so.21`, 'libmbedtls21', 'TLS and signatures of the device agent'],
  ['bwrap', 'bubblewrap', 'keeping the builder away from the signing keys'],
  ['buildah', 'buildah', 'building components from Dockerfiles'],
  ['/usr/lib/podman/netavark', 'netavark', 'building components from Dockerfiles'],
  [
    `/usr/lib/binfmt.d/qemu-${FOREIGN}.conf`,
    'qemu-user-binfmt',
    'running RUN of Dockerfiles for foreign architectures',
  ],
  ['dpkg-deb', 'dpkg', 'reading Debian packages'],
  ['xz', 'xz-utils', 'reading Debian packages'],
  ['zstd', 'zstd', 'compressing'],
  ['/usr/bin/time', 'time', 'measuring builds'],
  ['getcap', 'libcap2-bin', 'checking capabilities of files in tests'],
  ['strace', 'strace', 'showing older kernels to a program in tests'],
  ['cpio', 'cpio', 'checking initramfs archives in tests'],
  ['/usr/lib/postgresql/*/bin/postgres', 'postgresql', 'keeping a fleet on PostgreSQL in tests'],
  ['docker-registry', 'docker-registry', 'pulling images from a registry in tests'],
  ['apt-ftparchive', 'apt-utils', 'making package archives in tests'],
  ['age', 'age', 'reading encrypted backups with other eyes in tests'],
  ['gpg', 'gnupg', 'signing package archives in tests'],
  ['update-ca-certificates', 'ca-certificates', 'comparing what it makes with ours in tests'],
  ['systemd-sysusers', 'systemd-standalone-sysusers', 'comparing what it makes with ours in tests'],
  ['virt-fw-vars', 'python3-virt-firmware', 'enrolling keys of Secure Boot in virtual machines'],
  ['sbverify', 'sbsigntool', 'checking our signatures of EFI programs in tests'],
  ['7z', '7zip', 'reading disks of other formats with other eyes in tests'],
  ['skopeo', 'skopeo', 'reading and writing images with other eyes in tests'],
  ['/usr/lib/u-boot/qemu_arm64/u-boot.bin', 'u-boot-qemu', 'trials under U-Boot in tests'],
  ['fdtput', 'device-tree-compiler', 'machines that the firmware has told something, in tests'],
  ['fw_printenv', 'libubootenv-tool', 'reading environments of U-Boot with other eyes in tests'],
  ['grub-editenv', 'grub-common', 'reading environments of GRUB with other eyes in tests'],
  ['chromium', 'chromium', 'opening the dashboard in tests and for screenshots'],
  [
    '/usr/lib/grub/x86_64-efi/monolithic/grubx64.efi',
    'grub-efi-amd64-unsigned',
    'trials under GRUB in tests',
  ],
];

const exists = (path) => {
  const [before, after] = path.split('*');
  if (after === undefined) return existsSync(path);
  return existsSync(before) && readdirSync(before).some((name) => existsSync(`${before}${name}${after}`));
};

const onPath = (program) =>
  program.startsWith('/')
    ? exists(program)
    : [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'].some((folder) =>
        existsSync(join(folder, program)),
      );

export const missingPackages = () => NEEDED.filter(([program]) => !onPath(program));

/**
 * Installs with apt, as root or by sudo. While it runs, a policy keeps Debian from starting redis, mosquitto and
 * the registry as services of the machine: Slipway starts its own, on its own sockets and ports.
 */
const INSTALL = `
set -e
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\\nexit 101\\n' > "$policy"; chmod 755 "$policy"
  trap 'rm -f "$policy"' EXIT
fi
apt-get update -q
DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@"
`;

export const installSystemPackages = () => {
  const missing = missingPackages();
  if (missing.length === 0) return;
  const packages = [...new Set(missing.map(([, name]) => name))];
  console.log('Slipway needs these system packages:');
  for (const [, name, use] of missing) console.log(`  ${name.padEnd(18)} ${use}`);

  if (!onPath('apt-get')) {
    console.error(
      `\nThis is not a Debian-like machine, so install the programs above yourself: ${missing.map(([program]) => program).join(', ')}.\n` +
        'Debian names of the packages are given; then run the same command again.',
    );
    process.exit(69);
  }
  const root = process.getuid?.() === 0;
  if (!root && !onPath('sudo')) {
    console.error(
      `\nNeither root nor sudo. Ask an administrator to run:\n  apt-get install --no-install-recommends ${packages.join(' ')}`,
    );
    process.exit(69);
  }
  console.log(`\nInstalling them with apt${root ? '' : ' by sudo'} …`);
  const [command, ...args] = [...(root ? [] : ['sudo']), 'sh', '-c', INSTALL, 'slipway-setup', ...packages];
  const done = spawnSync(command, args, {
    stdio: ['inherit', process.env.CI ? 'ignore' : 'inherit', 'inherit'],
  });
  const still = missingPackages();
  if (done.status !== 0 || still.length > 0) {
    console.error(
      `\napt did not install everything; missing: ${still.map(([, name]) => name).join(', ') || 'nothing, but apt failed'}.\n` +
        `Run it yourself to see why:\n  ${root ? '' : 'sudo '}apt-get install --no-install-recommends ${packages.join(' ')}`,
    );
    process.exit(69);
  }
};
