import { SlipwayError } from '@slipway/protocol';

/** Every capability of Linux up to 6.12, in the order of their numbers. */
const ALL = [
  'CAP_CHOWN',
  'CAP_DAC_OVERRIDE',
  'CAP_DAC_READ_SEARCH',
  'CAP_FOWNER',
  'CAP_FSETID',
  'CAP_KILL',
  'CAP_SETGID',
  'CAP_SETUID',
  'CAP_SETPCAP',
  'CAP_LINUX_IMMUTABLE',
  'CAP_NET_BIND_SERVICE',
  'CAP_NET_BROADCAST',
  'CAP_NET_ADMIN',
  'CAP_NET_RAW',
  'CAP_IPC_LOCK',
  'CAP_IPC_OWNER',
  'CAP_SYS_MODULE',
  'CAP_SYS_RAWIO',
  'CAP_SYS_CHROOT',
  'CAP_SYS_PTRACE',
  'CAP_SYS_PACCT',
  'CAP_SYS_ADMIN',
  'CAP_SYS_BOOT',
  'CAP_SYS_NICE',
  'CAP_SYS_RESOURCE',
  'CAP_SYS_TIME',
  'CAP_SYS_TTY_CONFIG',
  'CAP_MKNOD',
  'CAP_LEASE',
  'CAP_AUDIT_WRITE',
  'CAP_AUDIT_CONTROL',
  'CAP_SETFCAP',
  'CAP_MAC_OVERRIDE',
  'CAP_MAC_ADMIN',
  'CAP_SYSLOG',
  'CAP_WAKE_ALARM',
  'CAP_BLOCK_SUSPEND',
  'CAP_AUDIT_READ',
  'CAP_PERFMON',
  'CAP_BPF',
  'CAP_CHECKPOINT_RESTORE',
] as const;

/**
 * Full names of the capabilities an image file lists: `CAP_NET_ADMIN`, `net_admin`, `all` or `none`.
 *
 * @returns in the order in which they are written, `all` in the order of their numbers
 * @throws {SlipwayError} SPEC_INVALID
 */
export const listCapabilities = (names: readonly string[], container: string): string[] => {
  const known: readonly string[] = ALL;
  return names.flatMap((name) => {
    const upper = name.toUpperCase();
    if (upper === 'ALL') return [...ALL];
    if (upper === 'NONE') return [];
    const full = upper.startsWith('CAP_') ? upper : `CAP_${upper}`;
    if (!known.includes(full))
      throw new SlipwayError(
        'SPEC_INVALID',
        `container ${container}: ${name} is no capability of Linux; expected all, none or names such as CAP_NET_ADMIN`,
        { details: { container, found: name, allowed: ALL } },
      );
    return [full];
  });
};

/**
 * As `listCapabilities`.
 *
 * @returns sorted, each once
 * @throws {SlipwayError} SPEC_INVALID
 */
export const expandCapabilities = (names: readonly string[], container: string): string[] =>
  [...new Set(listCapabilities(names, container))].sort();
