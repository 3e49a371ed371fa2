import { messageOf } from '@slipway/protocol';
import type { Runtime } from '../runtime/port.ts';

/** Reading both tables of an ESP of some hundred MiB takes seconds at most. */
const TIMEOUT_MS = 120_000;

/** Mended, as fsck.fat tells it by its status. */
const MENDED = 1;

/** What fsck.fat salvages of chains that no file leads to; nobody asks for them, and they take room. */
export const isSalvaged = (name: string): boolean => /^fsck\d{4}\.rec$/i.test(name);

/**
 * Mends a FAT before it is mounted. It keeps no journal: a cut can leave a file on a broken chain, at which the kernel
 * makes the file system read-only, and clusters that no file has, until the ESP is full.
 *
 * A disk that cannot be checked is mounted all the same: what is read of it is judged by digests.
 */
export const checkFat = async (
  { processes, log }: Pick<Runtime, 'processes' | 'log'>,
  device: string,
): Promise<void> => {
  try {
    const { status, stdout, stderr } = await processes.run(['fsck.fat', '-a', device], {
      timeoutMs: TIMEOUT_MS,
    });
    if (status === 0) return;
    const said = (stdout + stderr).trim().split('\n').slice(-3).join('; ');
    log(`ESP ${status === MENDED ? 'mended' : 'has faults that fsck.fat does not mend'}: ${said}`);
  } catch (error) {
    log(`ESP not checked: ${messageOf(error)}`);
  }
};
