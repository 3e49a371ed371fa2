import { otherSlot, ROOT_NAME, UKI_NAME, type SlotName } from '@slipway/protocol';
import { ukiPath } from '../boot/boot-control.ts';
import { fillFile } from './fill-file.ts';
import type { InstallContext } from './installer.ts';
import { openJournal } from './journal.ts';
import { dropCaches, readBack, readBackMismatch } from './read-back.ts';
import { refuseRunning } from './running.ts';
import { stageUki } from './stage-uki.ts';
import { planFile, type Plan } from './stored-manifest.ts';

type Read = (offset: number, length: number) => Promise<Uint8Array>;
export type BytesMoved = { readonly bytesReceived: number; readonly bytesReused: number };

/**
 * Fills the inactive slot and reads it back from the medium. Its UKI goes first: while the slot is being written, no
 * entry of the boot loader leads to it.
 */
export const writeSlot = async (
  context: InstallContext,
  plan: Plan,
  slot: SlotName,
  read: Read,
  signal: AbortSignal,
): Promise<BytesMoved> => {
  const { runtime, config, esp, onProgress } = context;
  const { files, digest } = runtime;
  await refuseRunning(runtime, config, slot);
  await esp.use(async (directory) => {
    await files.remove(`${directory}/${ukiPath(slot)}`);
    await files.remove(`${directory}/${ukiPath(slot)}.tmp`);
  });

  const root = planFile(plan, ROOT_NAME);
  const uki = planFile(plan, UKI_NAME);
  const at = plan.offsets[ROOT_NAME];
  const journal = await openJournal(
    runtime,
    `${config.dataDir}/install/journal.json`,
    { bundle: plan.bundle, slot, rootHash: plan.manifest.rootHash },
    root.chunks.length,
  );
  const active = await files.open(config.slots[otherSlot(slot)], 'read');
  const target = await files.open(config.slots[slot], 'write');
  try {
    await fillFile({
      file: root,
      target,
      journal,
      digest,
      local: async (offset, length) => active.read(offset, length),
      fetch: async (offset, length) => read(at + offset, length),
      onProgress: () => {
        const [bytesReceived, bytesReused] = [journal.bytesReceived(), journal.bytesReused()];
        onProgress({
          phase: 'DOWNLOADING',
          bytesDone: Math.min(bytesReceived + bytesReused, root.size),
          bytesTotal: root.size + uki.size,
          bytesReceived,
          bytesReused,
        });
      },
      signal,
    });
  } finally {
    await target.close();
    await active.close();
  }
  const staged = await stageUki(context, plan, slot, read, signal, {
    bytesReceived: journal.bytesReceived(),
    bytesReused: journal.bytesReused(),
  });

  await dropCaches(runtime, config);
  const bad = await readBack(runtime, config.slots[slot], root, signal);
  if (bad.length > 0) {
    for (const chunk of bad) journal.remove(chunk);
    await journal.save();
    throw readBackMismatch(`slot ${slot}`, bad);
  }
  return {
    bytesReceived: journal.bytesReceived() + staged.bytesReceived,
    bytesReused: journal.bytesReused() + staged.bytesReused,
  };
};
