import { CHUNK_BYTES, otherSlot, UKI_NAME, type SlotName } from '@slipway/protocol';
import { ukiPath } from '../boot/boot-control.ts';
import type { AgentConfig } from '../config.ts';
import type { Runtime } from '../runtime/port.ts';
import { fillFile, type FillFile } from './fill-file.ts';
import type { InstallContext } from './installer.ts';
import { volatileJournal } from './journal.ts';
import { planFile, type Plan } from './stored-manifest.ts';
import type { BytesMoved } from './write-slot.ts';

export const stagedUki = (config: AgentConfig): string => `${config.dataDir}/install/${UKI_NAME}`;

/**
 * Brings the UKI together on `/data`, so that the ESP is mounted for moments only and never while the network is
 * awaited. Chunks come from what is staged already, from the UKI of the active slot, or over the network.
 */
export const stageUki = async (
  { runtime, config, esp, onProgress }: InstallContext,
  plan: Plan,
  slot: SlotName,
  read: (offset: number, length: number) => Promise<Uint8Array>,
  signal: AbortSignal,
  before: BytesMoved = { bytesReceived: 0, bytesReused: 0 },
): Promise<BytesMoved> => {
  const { files, digest } = runtime;
  const file = planFile(plan, UKI_NAME);
  const rootBytes = planFile(plan, 'root.img').size;
  const isThere = (await files.size(stagedUki(config))) !== undefined;
  if (isThere && (await files.digest(stagedUki(config), 0, file.size)) === file.digest)
    return { bytesReceived: 0, bytesReused: 0 };
  const journal = volatileJournal(file.chunks.length);
  const target = await files.open(stagedUki(config), 'write');
  const work: Pick<FillFile, 'file' | 'target' | 'journal' | 'digest' | 'onProgress' | 'signal'> = {
    file,
    target,
    journal,
    digest,
    onProgress: () => {
      const [received, reused] = [journal.bytesReceived(), journal.bytesReused()];
      onProgress({
        phase: 'DOWNLOADING',
        bytesDone: rootBytes + Math.min(received + reused, file.size),
        bytesTotal: rootBytes + file.size,
        bytesReceived: before.bytesReceived + received,
        bytesReused: before.bytesReused + reused,
      });
    },
    signal,
  };
  try {
    await target.truncate(file.size);
    if (isThere) await keepStaged(runtime, config, work.file, journal);
    await esp.use(async (directory) => {
      const path = `${directory}/${ukiPath(otherSlot(slot))}`;
      if ((await files.size(path)) === undefined) return;
      const active = await files.open(path, 'read');
      try {
        await fillFile({ ...work, local: async (offset, length) => active.read(offset, length) });
      } finally {
        await active.close();
      }
    });
    const at = plan.offsets[UKI_NAME];
    await fillFile({ ...work, fetch: async (offset, length) => read(at + offset, length) });
  } finally {
    await target.close();
  }
  return { bytesReceived: journal.bytesReceived(), bytesReused: journal.bytesReused() };
};

/** Chunks that an earlier, cut attempt has staged. Each look is a program of its own. */
const keepStaged = async (
  { files }: Pick<Runtime, 'files'>,
  config: AgentConfig,
  file: FillFile['file'],
  journal: FillFile['journal'],
): Promise<void> => {
  for (const [chunk, expected] of file.chunks.entries()) {
    const offset = chunk * CHUNK_BYTES;
    const found = await files.digest(stagedUki(config), offset, Math.min(CHUNK_BYTES, file.size - offset));
    if (found === expected) journal.add(chunk, { received: 0, reused: 0 });
  }
};
