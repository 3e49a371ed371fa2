import type { FoundPackage, ScannedFile } from '../found-package.ts';
import { encodeName } from '../purl.ts';
import { readerOf } from './elf.ts';

/** A kernel lies where boot loaders look, or where LinuxKit's kernel images have it. */
export const isKernel = (path: string): boolean =>
  /^(?:boot\/)?(?:kernel|bzImage|vmlinuz(?:-[^/]+)?)$/.test(path);

/** A list that every build of modules makes: `lib/modules/6.12.9/modules.order`. */
const MODULES = /^(?:usr\/)?lib\/modules\/([^/]+)\/modules\.(?:order|builtin)$/;

export const modulesRelease = (path: string): string | undefined => {
  const release = MODULES.exec(path)?.[1];
  return release !== undefined && RELEASE.test(release) ? release : undefined;
};

const RELEASE = /^\d+\.\d+(?:\.\d+)?[A-Za-z0-9.+_~-]{0,100}$/;
const SETUP_HEADER_BYTES = 0x210;

/**
 * The release in the header of a kernel for x86: its text begins with `6.12.9-linuxkit (builder@host) #1`. Kernels of
 * other architectures are compressed as a whole; their release is that of their modules.
 *
 * @see The Linux/x86 boot protocol: `kernel_version`
 */
export const bzImageRelease = (file: ScannedFile): string | undefined => {
  const reader = readerOf(file);
  const header = reader.read(0, SETUP_HEADER_BYTES);
  if (header.length < SETUP_HEADER_BYTES || String.fromCharCode(...header.subarray(0x202, 0x206)) !== 'HdrS')
    return undefined;
  const pointer = (header[0x20e] ?? 0) + 256 * (header[0x20f] ?? 0);
  const text = String.fromCharCode(...reader.read(0x200 + pointer, 128)).split(/[\0 ]/)[0] ?? '';
  return pointer !== 0 && RELEASE.test(text) ? text : undefined;
};

/** The kernel of an image that has no package database to name it. */
export const kernelPackage = (release: string, foundIn: string): FoundPackage => ({
  type: 'generic',
  name: 'linux',
  version: release,
  purl: `pkg:generic/linux@${encodeName(release)}`,
  licenses: ['GPL-2.0-only WITH Linux-syscall-note'],
  foundIn,
});
