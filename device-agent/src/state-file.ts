import { z } from 'zod';
import type { AgentConfig } from './config.ts';
import { Saved } from './core/index.ts';
import { parseJson } from './install/stored-manifest.ts';
import type { Runtime } from './runtime/port.ts';

/**
 * The state of the agent on `/data`, replaced as one. The sequence number and the digest are what a second copy,
 * written in turn with this one, will be chosen by.
 */
const Envelope = z.object({ v: z.literal(1), sequence: z.int(), digest: z.string(), saved: z.string() });

export type StateFile = {
  /** @returns undefined where there is none, or none that can be trusted */
  readonly load: () => Promise<Saved | undefined>;
  readonly save: (saved: Saved) => Promise<void>;
};

export const stateFile = (runtime: Runtime, config: AgentConfig): StateFile => {
  const path = `${config.dataDir}/state.json`;
  let sequence = 0;
  const digestOf = async (text: string): Promise<string> => runtime.digest(new TextEncoder().encode(text));
  return {
    load: async () => {
      const bytes = await runtime.files.read(path);
      const envelope = Envelope.safeParse(bytes === undefined ? undefined : parseJson(bytes));
      if (!envelope.success || envelope.data.digest !== (await digestOf(envelope.data.saved)))
        return undefined;
      ({ sequence } = envelope.data);
      const saved = Saved.safeParse(parseJson(new TextEncoder().encode(envelope.data.saved)));
      return saved.success ? saved.data : undefined;
    },
    save: async (saved) => {
      const text = JSON.stringify(saved);
      sequence += 1;
      const envelope: z.infer<typeof Envelope> = {
        v: 1,
        sequence,
        digest: await digestOf(text),
        saved: text,
      };
      await runtime.files.replace(path, JSON.stringify(envelope), 0o600);
    },
  };
};
