import { constants } from 'node:fs';
import { access, copyFile } from 'node:fs/promises';
import { SlipwayError, type Arch } from '@slipway/protocol';
import { enrolKeys } from './enrol-keys.ts';
import type { SecureBoot } from './vm.ts';

type Firmware = { readonly code: string; readonly vars: string; readonly package: string };

/** Where Debian puts UEFI, without Secure Boot and with it. */
const FIRMWARE: Record<Arch, Firmware & { readonly secureCode: string }> = {
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
};

const exists = async (path: string): Promise<boolean> => {
  try {
    await access(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
};

/** @throws {SlipwayError} TOOL_MISSING */
export const requireFirmware = async (arch: Arch, isSecure = false): Promise<void> => {
  const firmware = FIRMWARE[arch];
  for (const file of [isSecure ? firmware.secureCode : firmware.code, firmware.vars])
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
 * @throws {SlipwayError} TOOL_MISSING, TOOL_FAILED
 */
export const prepareFirmware = async (
  arch: Arch,
  varsFile: string,
  secureBoot?: SecureBoot,
): Promise<string> => {
  const firmware = FIRMWARE[arch];
  const code = secureBoot === undefined ? firmware.code : firmware.secureCode;
  await requireFirmware(arch, secureBoot !== undefined);
  if (varsFile.startsWith('nbd') || (await exists(varsFile))) return code;
  // The template is in setup mode.
  if (typeof secureBoot !== 'object') await copyFile(firmware.vars, varsFile, constants.COPYFILE_EXCL);
  else await enrolKeys(firmware.vars, varsFile, secureBoot.keysDir);
  return code;
};
