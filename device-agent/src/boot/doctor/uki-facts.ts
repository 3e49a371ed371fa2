import { messageOf, RootHash, type SlotName } from '@slipway/protocol';
import type { AgentConfig } from '../../config.ts';
import type { Files, OpenFile } from '../../runtime/port.ts';
import { ukiPath } from '../boot-control.ts';
import type { UkiFacts } from './context.ts';

const HEAD_BYTES = 4096;
const BLOCK = 4096;
const MAX_COMMAND_LINE = 4096;
const SECTION_BYTES = 40;

/** The `.cmdline` section of a UKI. */
const commandLine = async (file: OpenFile): Promise<string | undefined> => {
  const head = await file.read(0, HEAD_BYTES);
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  if (head.length < 64 || view.getUint16(0, true) !== 0x5a4d) return undefined;
  const coff = view.getUint32(60, true) + 4;
  if (coff + 20 > head.length || view.getUint32(coff - 4, true) !== 0x4550) return undefined;
  const table = coff + 20 + view.getUint16(coff + 16, true);
  for (let index = 0; index < view.getUint16(coff + 2, true); index++) {
    const at = table + index * SECTION_BYTES;
    if (at + SECTION_BYTES > head.length) return undefined;
    const name = new TextDecoder().decode(head.subarray(at, at + 8)).replace(/\0+$/, '');
    if (name !== '.cmdline') continue;
    const length = Math.min(view.getUint32(at + 8, true), MAX_COMMAND_LINE);
    return new TextDecoder().decode(await file.read(view.getUint32(at + 20, true), length));
  }
  return undefined;
};

/**
 * @param directory where the ESP is
 */
export const readUki = async (
  files: Files,
  { slots }: Pick<AgentConfig, 'slots'>,
  directory: string,
  slot: SlotName,
): Promise<UkiFacts> => {
  const path = `${directory}/${ukiPath(slot)}`;
  try {
    const bytes = await files.size(path);
    if (bytes === undefined) return { kind: 'missing' };
    const file = await files.open(path, 'read');
    let line: string | undefined;
    try {
      line = await commandLine(file);
    } finally {
      await file.close();
    }
    const rootHash = RootHash.safeParse(/(?:^|\s)slipway\.roothash=([0-9a-f]+)/.exec(line ?? '')?.[1]);
    const blocks = Number(/(?:^|\s)slipway\.blocks=(\d+)/.exec(line ?? '')?.[1]);
    if (!rootHash.success || Number.isNaN(blocks)) {
      return { kind: 'unreadable', why: 'no slipway.roothash and slipway.blocks in its command line' };
    }
    // As the initramfs finds the slot: the tree begins behind the data, with the block whose digest is the root hash.
    const top = await files.digest(slots[slot], blocks * BLOCK, BLOCK).catch(() => undefined);
    return {
      kind: 'present',
      bytes,
      rootHash: rootHash.data,
      isInSlot: top === `sha256:${rootHash.data}`,
    };
  } catch (error) {
    return { kind: 'unreadable', why: messageOf(error) };
  }
};
