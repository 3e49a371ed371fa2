import { Digest, RootHash, SlotName } from '@slipway/protocol';
import { z } from 'zod';
import type { Runtime } from '../runtime/port.ts';
import { parseJson } from './stored-manifest.ts';

const Journal = z.object({
  v: z.literal(1),
  bundle: Digest,
  slot: SlotName,
  rootHash: RootHash,
  /** which chunks are verified, written and synced; bit n % 8 of byte n / 8 */
  done: z.base64(),
  bytesReceived: z.int(),
  bytesReused: z.int(),
});

/** Which chunks of a file are in their place for good, and how they came there. */
export type ChunkJournal = {
  readonly has: (chunk: number) => boolean;
  readonly add: (chunk: number, bytes: { readonly received: number; readonly reused: number }) => void;
  readonly remove: (chunk: number) => void;
  readonly bytesReceived: () => number;
  readonly bytesReused: () => number;
  /** Call it only after the file itself was synced. */
  readonly save: () => Promise<void>;
};

export type JournalOf = {
  readonly bundle: Digest;
  readonly slot: SlotName;
  readonly rootHash: RootHash;
};

type Start = { readonly bits: Uint8Array; readonly received: number; readonly reused: number };

const journal = (
  start: Start,
  write: (state: { done: string; bytesReceived: number; bytesReused: number }) => Promise<void>,
): ChunkJournal => {
  const { bits } = start;
  let { received, reused } = start;
  const at = (chunk: number): number => bits[chunk >> 3] ?? 0;
  return {
    has: (chunk) => (at(chunk) & (1 << (chunk & 7))) !== 0,
    add: (chunk, bytes) => {
      bits[chunk >> 3] = at(chunk) | (1 << (chunk & 7));
      received += bytes.received;
      reused += bytes.reused;
    },
    remove: (chunk) => {
      bits[chunk >> 3] = at(chunk) & ~(1 << (chunk & 7));
    },
    bytesReceived: () => received,
    bytesReused: () => reused,
    save: async () => {
      const done = btoa(String.fromCharCode(...bits));
      await write({ done, bytesReceived: received, bytesReused: reused });
    },
  };
};

const bytesFor = (chunks: number): number => Math.ceil(chunks / 8);

/** For files that are quick to look through: forgets everything with the process. */
export const volatileJournal = (chunks: number): ChunkJournal =>
  journal({ bits: new Uint8Array(bytesFor(chunks)), received: 0, reused: 0 }, async () => undefined);

/** A journal of something else, or one that cannot be read, is as good as none. */
export const openJournal = async (
  runtime: Pick<Runtime, 'files'>,
  path: string,
  of: JournalOf,
  chunks: number,
): Promise<ChunkJournal> => {
  const bytes = await runtime.files.read(path);
  const parsed = Journal.safeParse(bytes === undefined ? undefined : parseJson(bytes));
  let start: Start = { bits: new Uint8Array(bytesFor(chunks)), received: 0, reused: 0 };
  if (
    parsed.success &&
    parsed.data.bundle === of.bundle &&
    parsed.data.slot === of.slot &&
    parsed.data.rootHash === of.rootHash
  ) {
    const bits = Uint8Array.from(atob(parsed.data.done), (character) => character.charCodeAt(0));
    if (bits.length === start.bits.length) {
      start = { bits, received: parsed.data.bytesReceived, reused: parsed.data.bytesReused };
    }
  }
  return journal(start, async (state) => {
    await runtime.files.replace(path, JSON.stringify({ v: 1, ...of, ...state }), 0o600);
  });
};
