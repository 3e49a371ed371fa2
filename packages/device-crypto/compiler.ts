import { execFileSync } from 'node:child_process';
import { ARCHITECTURES, type Arch } from '@slipway/protocol';

/** What programs of devices are compiled by. Other versions make other bytes, which is no fault of the source. */
export const COMPILED_BY = '14.2.0';

export const compilerFor = (arch: Arch): string => `${ARCHITECTURES[arch].triplet}-gcc-14`;

/** Whether what is compiled here comes out as it is checked in. */
export const hasCompiler = (arch: Arch): boolean => {
  try {
    return execFileSync(compilerFor(arch), ['-dumpfullversion'], { encoding: 'utf8' }).trim() === COMPILED_BY;
  } catch {
    return false;
  }
};
