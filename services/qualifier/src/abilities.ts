import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { type Arch, DEVICE_ARCHES, messageOf } from '@slipway/protocol';
import { requireQemu } from '@slipway/vm';

export type Abilities = { readonly arches: Arch[]; readonly cannot: Partial<Record<Arch, string>> };

/** Which devices this machine can start, and why not the others. */
export const abilitiesHere = async (): Promise<Abilities> => {
  const cannot: Partial<Record<Arch, string>> = {};
  const broker = await promisify(execFile)('mosquitto', ['-h']).then(
    () => undefined,
    (error: unknown) =>
      // Asked for help, it ends with a status of its own.
      error instanceof Error && 'code' in error && error.code === 'ENOENT'
        ? 'mosquitto is not installed; install the Debian package mosquitto'
        : undefined,
  );
  for (const arch of DEVICE_ARCHES) {
    const why = broker ?? (await requireQemu(arch).then(() => undefined, messageOf));
    if (why !== undefined) cannot[arch] = why;
  }
  return { arches: DEVICE_ARCHES.filter((arch) => cannot[arch] === undefined), cannot };
};
