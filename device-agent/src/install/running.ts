import { SlotName, SlipwayError } from '@slipway/protocol';
import type { AgentConfig } from '../config.ts';
import type { Runtime } from '../runtime/port.ts';

/** The slot whose root is mounted, as init found it by root hash. */
export const bootedSlot = async (
  runtime: Pick<Runtime, 'files'>,
  config: Pick<AgentConfig, 'runDir'>,
): Promise<SlotName> => {
  const path = `${config.runDir}/slot`;
  const text = new TextDecoder().decode((await runtime.files.read(path)) ?? new Uint8Array()).trim();
  const parsed = SlotName.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new SlipwayError(
    'CONFIG_INVALID',
    `${path}: expected a or b, found ${JSON.stringify(text)}; init must write it.`,
  );
};
