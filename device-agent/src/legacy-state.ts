import { z } from 'zod';
import { Saved } from './core/index.ts';
import { parseJson } from './install/stored-manifest.ts';
import type { Runtime } from './runtime/port.ts';

/** The one file in which agents before 0.2 kept their state. */
const Envelope = z.object({ v: z.literal(1), sequence: z.int(), digest: z.string(), saved: z.string() });

export type LegacyState = {
  /** @returns the state of an older agent, where there is one */
  readonly load: () => Promise<Saved | undefined>;
  /** Looks whether there is one to be followed. */
  readonly find: () => Promise<void>;
  /**
   * Keeps it as the new state is, for the older agent that a trial may fall back to; once nothing is under way any more
   * it goes, because what it says would only grow old.
   */
  readonly follow: (saved: Saved) => Promise<void>;
};

export const legacyState = (runtime: Pick<Runtime, 'files' | 'digest'>, path: string): LegacyState => {
  const { files, digest } = runtime;
  let sequence = 0;
  let exists = false;
  const digestOf = async (text: string): Promise<string> => digest(new TextEncoder().encode(text));
  return {
    load: async () => {
      const bytes = await files.read(path);
      exists = bytes !== undefined;
      const envelope = Envelope.safeParse(bytes === undefined ? undefined : parseJson(bytes));
      if (!envelope.success || envelope.data.digest !== (await digestOf(envelope.data.saved)))
        return undefined;
      ({ sequence } = envelope.data);
      return Saved.safeParse(parseJson(new TextEncoder().encode(envelope.data.saved))).data;
    },
    find: async () => {
      exists = (await files.size(path)) !== undefined;
    },
    follow: async (saved) => {
      if (!exists) return;
      if (saved.execution === null && saved.job === null) {
        await files.remove(path);
        exists = false;
        return;
      }
      const text = JSON.stringify(saved);
      sequence += 1;
      const envelope = { v: 1, sequence, digest: await digestOf(text), saved: text };
      await files.replace(path, JSON.stringify(envelope), 0o600);
    },
  };
};
