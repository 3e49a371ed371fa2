import { SlotName, SlipwayError } from '@slipway/protocol';
import type { AgentConfig } from '../config.ts';
import type { Runtime } from '../runtime/port.ts';

/**
 * The last line of defence of the slot that runs: whatever a record, a bundle or a bug says, nothing is written to it.
 *
 * @throws {SlipwayError} INTERNAL
 */
export const refuseRunning = async (
  runtime: Pick<Runtime, 'files'>,
  config: Pick<AgentConfig, 'runDir'>,
  slot: SlotName,
): Promise<void> => {
  if (slot !== (await bootedSlot(runtime, config))) return;
  throw new SlipwayError('INTERNAL', `slot ${slot} runs, so it is not written; report this as a bug.`);
};

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
