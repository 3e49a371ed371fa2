import { constants } from 'node:fs';
import { access, copyFile } from 'node:fs/promises';
import { SlipwayError, type Arch } from '@slipway/protocol';
import { enrolKeys } from './enrol-keys.ts';
import type { SecureBoot } from './vm.ts';

type Firmware = {
  readonly code: string;
  /** absent: there is none that checks signatures */
  readonly secureCode?: string;
  readonly vars: string;
  readonly package: string;
};

/** Where Debian puts UEFI, without Secure Boot and with it. */
const FIRMWARE: Readonly<Partial<Record<Arch, Firmware>>> = {
  amd64: {
    code: '/usr/share/OVMF/OVMF_CODE_4M.fd',
    secureCode: '/usr/share/OVMF/OVMF_CODE_4M.secboot.fd',
    vars: '/usr/share/OVMF/OVMF_VARS_4M.fd',
    package: 'ovmf',
  },
  arm64: {
    code: '/usr/share/AAVMF/AAVMF_CODE.no-secboot.fd',
    secureCode: '/usr/share/AAVMF/AAVMF_CODE.secboot.fd',
    vars: '/usr/share/AAVMF/AAVMF_VARS.fd',
    package: 'qemu-efi-aarch64',
  },
  'arm/v7': {
    code: '/usr/share/AAVMF/AAVMF32_CODE.fd',
    vars: '/usr/share/AAVMF/AAVMF32_VARS.fd',
    package: 'qemu-efi-arm',
  },
  riscv64: {
    code: '/usr/share/qemu-efi-riscv64/RISCV_VIRT_CODE.fd',
    vars: '/usr/share/qemu-efi-riscv64/RISCV_VIRT_VARS.fd',
    package: 'qemu-efi-riscv64',
  },
};

const exists = async (path: string): Promise<boolean> => {
  try {
    await access(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
};

/** @throws {SlipwayError} ARCH_UNSUPPORTED */
const firmwareOf = (arch: Arch, isSecure: boolean): Firmware => {
  const firmware = FIRMWARE[arch];
  const code = isSecure ? firmware?.secureCode : firmware?.code;
  if (firmware !== undefined && code !== undefined) return { ...firmware, code };
  throw new SlipwayError(
    'ARCH_UNSUPPORTED',
    `there is no UEFI firmware ${isSecure ? 'with Secure Boot ' : ''}for ${arch} in Debian, so its disks do not start in QEMU; ${
      firmware === undefined ? 'build kernel+initrd instead' : 'leave Secure Boot out'
    }`,
    { details: { arch } },
  );
};

/** @throws {SlipwayError} TOOL_MISSING, ARCH_UNSUPPORTED */
export const requireFirmware = async (arch: Arch, isSecure = false): Promise<void> => {
  const firmware = firmwareOf(arch, isSecure);
  for (const file of [firmware.code, firmware.vars])
    if (!(await exists(file)))
      throw new SlipwayError(
        'TOOL_MISSING',
        `expected UEFI firmware for ${arch} at ${file}, which is not there; install the Debian package ${firmware.package}`,
        { details: { file, package: firmware.package } },
      );
};

/**
 * Finds the firmware and makes sure that the machine has variables of its own.
 *
 * @param varsFile made from the template of the firmware if it does not exist; an NBD URI is left alone
 * @returns path of the firmware's code
 * @throws {SlipwayError} TOOL_MISSING, TOOL_FAILED, ARCH_UNSUPPORTED
 */
export const prepareFirmware = async (
  arch: Arch,
  varsFile: string,
  secureBoot?: SecureBoot,
): Promise<string> => {
  const { code, vars } = firmwareOf(arch, secureBoot !== undefined);
  await requireFirmware(arch, secureBoot !== undefined);
  if (varsFile.startsWith('nbd') || (await exists(varsFile))) return code;
  // The template is in setup mode.
  if (typeof secureBoot !== 'object') await copyFile(vars, varsFile, constants.COPYFILE_EXCL);
  else await enrolKeys(vars, varsFile, secureBoot.keysDir);
  return code;
};
