import { CHUNK_BYTES, messageOf, SlipwayError, UKI_NAME, type SlotName } from '@slipway/protocol';
import { ukiPath } from '../boot/boot-control.ts';
import type { OpenFile } from '../runtime/port.ts';
import type { InstallContext } from './installer.ts';
import { dropCaches, readBack, readBackMismatch } from './read-back.ts';
import { refuseRunning } from './running.ts';
import { stagedUki, stageUki } from './stage-uki.ts';
import { planFile, type Plan, type PlanFile } from './stored-manifest.ts';
import type { BytesMoved } from './write-slot.ts';

const copy = async (from: OpenFile, to: OpenFile, file: PlanFile): Promise<void> => {
  for (let offset = 0; offset < file.size; offset += CHUNK_BYTES) {
    await to.write(offset, await from.read(offset, Math.min(CHUNK_BYTES, file.size - offset)));
  }
  await to.truncate(file.size);
  await to.sync();
};

/**
 * Puts the UKI of a verified slot on the ESP: under a name that the boot loader does not list, synced, read back, and
 * only then renamed. From the rename on the slot can be chosen; it was verified before.
 */
export const placeUki = async (
  context: InstallContext,
  plan: Plan,
  slot: SlotName,
  read: (offset: number, length: number) => Promise<Uint8Array>,
  signal: AbortSignal,
): Promise<BytesMoved> => {
  const { runtime, config, esp } = context;
  const { files } = runtime;
  await refuseRunning(runtime, config, slot);
  const file = planFile(plan, UKI_NAME);
  const moved = await stageUki({ ...context, onProgress: () => undefined }, plan, slot, read, signal);
  const paths = (directory: string): readonly [string, string] => {
    const final = `${directory}/${ukiPath(slot)}`;
    return [final, `${final}.tmp`];
  };
  // A cut may have left either. They are off the disk before anything is written: FAT has no journal, and a rename over
  // a file that is there can end with one of the two on clusters that count as free.
  await esp.use(async (directory) => {
    for (const path of paths(directory)) await files.remove(path);
  });
  await esp.use(async (directory) => {
    const [final, temporary] = paths(directory);
    const from = await files.open(stagedUki(config), 'read');
    try {
      const to = await files.open(temporary, 'write');
      try {
        await copy(from, to, file);
      } finally {
        await to.close();
      }
    } catch (error) {
      await files.remove(temporary);
      throw new SlipwayError('INSTALL_WRITE_FAILED', `${ukiPath(slot)}: ${messageOf(error)}`, {
        cause: error,
      });
    } finally {
      await from.close();
    }
    await dropCaches(runtime, config);
    const bad = await readBack(runtime, temporary, file, signal);
    if (bad.length > 0) {
      await files.remove(temporary);
      throw readBackMismatch(ukiPath(slot), bad);
    }
    await files.rename(temporary, final);
  });
  return moved;
};
