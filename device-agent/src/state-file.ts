import { messageOf } from '@slipway/protocol';
import type { AgentConfig } from './config.ts';
import { Saved } from './core/index.ts';
import { parseJson } from './install/stored-manifest.ts';
import { legacyState } from './legacy-state.ts';
import type { Runtime } from './runtime/port.ts';
import { decodeRecord, encodeRecord, newestOf, type Copy, type StateRecord } from './state-record.ts';

export type StateFile = {
  /** @returns undefined where there is none, or none that can be trusted */
  readonly load: () => Promise<Saved | undefined>;
  readonly save: (saved: Saved) => Promise<void>;
};

/** Copies grow in steps of this size: so much is written once, with room that no other file can take. */
const STEP_BYTES = 64 * 1024;

const parseSaved = (record: StateRecord): Saved | undefined =>
  Saved.safeParse(parseJson(new TextEncoder().encode(record.json))).data;

/** More than one step uses. */
const SKIPPED = 16;

/**
 * A damaged copy may have been the newer one, and what it said may have been sent: the server would take a report under
 * the same number for the same report.
 */
export const skipNumbers = (saved: Saved): Saved => ({
  ...saved,
  nextSeq: saved.nextSeq + SKIPPED,
  connection: saved.connection + SKIPPED,
});

/**
 * The state of the agent on `/data`: two copies with a sequence number and a CRC, written in turn, so that one of them
 * is whole whenever the power goes. A copy is written over in place, which a full disk cannot prevent; only one that is
 * missing or too small is made anew.
 *
 * Where neither can be read there is no state: then the loader's default is the good slot and the other is empty.
 */
export const stateFile = (
  runtime: Pick<Runtime, 'files' | 'digest' | 'log'>,
  config: Pick<AgentConfig, 'dataDir'>,
): StateFile => {
  const { files } = runtime;
  const pathOf = (copy: Copy): string => `${config.dataDir}/state.${copy}`;
  const legacy = legacyState(runtime, `${config.dataDir}/state.json`);
  let sequence = 0;
  let next: Copy = 'a';
  let damaged = false;

  const read = async (copy: Copy): Promise<(StateRecord & { readonly saved: Saved }) | undefined> => {
    try {
      const bytes = await files.read(pathOf(copy));
      if (bytes === undefined) return undefined;
      const record = decodeRecord(bytes);
      const saved = record === undefined ? undefined : parseSaved(record);
      if (record !== undefined && saved !== undefined) return { ...record, saved };
      damaged = true;
      runtime.log(`state.${copy} is damaged`);
    } catch (error) {
      damaged = true;
      runtime.log(`state.${copy} cannot be read: ${messageOf(error)}`);
    }
    return undefined;
  };

  const write = async (copy: Copy, bytes: Uint8Array): Promise<void> => {
    const path = pathOf(copy);
    const room = (await files.size(path)) ?? 0;
    if (room < bytes.length) {
      const padded = new Uint8Array(Math.ceil(bytes.length / STEP_BYTES) * STEP_BYTES);
      padded.set(bytes);
      await files.replace(path, padded, 0o600);
      return;
    }
    const file = await files.open(path, 'write');
    try {
      await file.write(0, bytes);
      await file.sync();
    } finally {
      await file.close();
    }
  };

  return {
    load: async () => {
      const { newest, next: oldest } = newestOf(await read('a'), await read('b'));
      if (newest === undefined) return legacy.load();
      ({ sequence } = newest);
      next = oldest;
      await legacy.find();
      return damaged ? skipNumbers(newest.saved) : newest.saved;
    },
    save: async (saved) => {
      sequence += 1;
      await write(next, encodeRecord({ sequence, json: JSON.stringify(saved) }));
      next = next === 'a' ? 'b' : 'a';
      await legacy.follow(saved).catch((error: unknown) => {
        runtime.log(`state.json not kept up: ${messageOf(error)}`);
      });
    },
  };
};
