import { rm } from 'node:fs/promises';
import { BaseImage, type Disk } from '../../block/overlay-disk.ts';
import { readFat, type FatContent } from '../../firmware/fat.ts';
import { writeSparse } from './data-partition.ts';
import { runTool } from './tool.ts';

/** fsck.fat has mended what it found; above it has not. */
const MENDED = 1;

/** What neither firmware nor loader looks at: a UKI that is still being written. */
const STAGED = /^EFI\/Linux\/slot-[ab]\.efi\.tmp: /;

/** Whether only the agent, which has fsck.fat run before it looks, could stumble over these faults. */
export const areStagedOnly = (faults: readonly string[]): boolean =>
  faults.every((fault) => STAGED.test(fault));

/**
 * An ESP as the agent finds it once fsck.fat has been there (`device-agent/src/boot/check-fat.ts`).
 *
 * @param image a path for a copy of it, which is gone afterwards
 * @throws where fsck.fat does not mend it
 */
export const mendedEsp = async (disk: Disk, image: string): Promise<FatContent> => {
  try {
    await writeSparse(image, disk);
    const { status, stdout } = await runTool('fsck.fat', ['-a', image]);
    if (status > MENDED) throw new Error(`fsck.fat ended with ${status}: ${stdout.trim().slice(-300)}`);
    const mended = new BaseImage(image);
    try {
      const content = readFat(mended);
      if (content.faults.length > 0) throw new Error(`fsck.fat leaves ${content.faults.join('; ')}`);
      return content;
    } finally {
      mended.close();
    }
  } finally {
    await rm(image, { force: true });
  }
};
