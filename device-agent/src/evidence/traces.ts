import { MAX_STATUS_LOG, messageOf, SlipwayError, type BootLoader } from '@slipway/protocol';
import { efiVariables } from '../boot/efi-variables.ts';
import type { AgentConfig } from '../config.ts';
import type { Evidence } from '../core/index.ts';
import type { Runtime } from '../runtime/port.ts';
import { plainEnd, readEnd } from './bounded.ts';
import { clearPanics, readPanic } from './pstore.ts';

/** Written by the initramfs of a trial, with attributes 7: it must survive the end of that boot. */
export const TRIAL_VARIABLE = 'SlipwayTrial';
export const TRIAL_GUID = '6b4f0b52-6a7e-4c64-9d5b-1f0d5c8a7e21';
const MAX_VARIABLE_BYTES = 512;
const MAX_STAGE_BYTES = 4096;
/** Of the room for logs, so much is for the last words of the kernel. */
const MAX_PANIC = 6 * 1024;
/** Bytes of the ring that are looked at: colours and the like fall out of them. */
const MAX_RING_BYTES = 2 * MAX_STATUS_LOG;
/** `WDIOF_CARDRESET` of the kernel's watchdog interface */
const CARD_RESET = 0x20;

/** What a trial boot leaves behind, in the firmware, on the data partition and in the kernel's own store. */
export type TrialTraces = {
  /** Bounded; what cannot be read counts as not there. */
  readonly read: () => Promise<Evidence>;
  /**
   * @throws {SlipwayError} BOOT_CONTROL_FAILED where something stays that the next trial could be taken for
   */
  readonly clear: () => Promise<void>;
};

/** The value of a line `word value`. */
const valueOf = (text: string, word: string): string | null =>
  new RegExp(`^${word} (\\S.{0,400})$`, 'm').exec(text)?.[1]?.trim() ?? null;

export const parseTrialVariable = (text: string): Exclude<Evidence['trial'], null> => ({
  bootId: valueOf(text, 'boot'),
  stage: /^stage root$/m.test(text) ? 'root' : /^stage initramfs$/m.test(text) ? 'initramfs' : null,
  fail: valueOf(text, 'fail'),
});

/** @param loader only systemd-boot tells the initramfs that its boot is a trial; of others no variable is no sign */
export const trialTraces = (
  runtime: Pick<Runtime, 'files' | 'processes' | 'log'>,
  config: Pick<AgentConfig, 'dataDir' | 'efivarsDir' | 'sysDir'>,
  loader: BootLoader,
): TrialTraces => {
  const { files } = runtime;
  const directory = `${config.dataDir}/trial`;
  const variable = `${config.efivarsDir}/${TRIAL_VARIABLE}-${TRIAL_GUID}`;

  const orNothing = async <T>(what: string, read: () => Promise<T>, nothing: T): Promise<T> => {
    try {
      return await read();
    } catch (error) {
      runtime.log(`traces of the trial: ${what}: ${messageOf(error)}`);
      return nothing;
    }
  };
  const textOf = async (path: string, maxBytes: number): Promise<string> =>
    new TextDecoder().decode((await readEnd(files, path, maxBytes)) ?? new Uint8Array());

  const readVariable = async (): Promise<Evidence['trial']> => {
    // From its beginning: efivarfs cannot seek, not even to where it is.
    const bytes = await files.read(variable);
    // The kernel puts the attributes before the value, 4 bytes.
    if (bytes === undefined || bytes.length <= 4) return null;
    const value = bytes.subarray(4, 4 + MAX_VARIABLE_BYTES);
    return parseTrialVariable(plainEnd(new TextDecoder().decode(value), MAX_VARIABLE_BYTES));
  };

  const readStages = async (): Promise<Evidence['stages']> => {
    const text = plainEnd(await textOf(`${directory}/stage`, MAX_STAGE_BYTES), MAX_STAGE_BYTES);
    return { init: valueOf(text, 'init'), agent: valueOf(text, 'agent'), fail: valueOf(text, 'fail') };
  };

  const readWatchdog = async (): Promise<boolean> => {
    const bytes = await files.read(`${config.sysDir}/class/watchdog/watchdog0/bootstatus`);
    return bytes !== undefined && (Number(new TextDecoder().decode(bytes).trim()) & CARD_RESET) !== 0;
  };

  return {
    read: async () => {
      const panic = await orNothing('pstore', async () => readPanic(runtime, config), null);
      const words =
        panic === null ? '' : `--- last words of the kernel ---\n${plainEnd(panic, MAX_PANIC - 40)}`;
      const ring = await orNothing('log', async () => textOf(`${directory}/log`, MAX_RING_BYTES), '');
      return {
        trial: await orNothing(TRIAL_VARIABLE, readVariable, null),
        stages: await orNothing('stage', readStages, { init: null, agent: null, fail: null }),
        panic: panic === null ? null : plainEnd(panic, MAX_STATUS_LOG),
        watchdogReset: await orNothing('watchdog', readWatchdog, false),
        hasFirmwareVariables:
          loader === 'systemd-boot' &&
          (await orNothing('efivars', async () => files.list(config.efivarsDir), [])).length > 0,
        log: [plainEnd(ring, MAX_STATUS_LOG - words.length - 1), words]
          .filter((text) => text !== '')
          .join('\n'),
      };
    },
    clear: async () => {
      try {
        await efiVariables(runtime, config.efivarsDir).remove(TRIAL_VARIABLE, TRIAL_GUID);
        for (const name of await files.list(directory)) await files.remove(`${directory}/${name}`);
      } catch (error) {
        throw new SlipwayError('BOOT_CONTROL_FAILED', `clearing the traces of a trial: ${messageOf(error)}`, {
          cause: error,
        });
      }
      // Old records of the kernel in a store that takes no writes are no reason never to update again.
      await orNothing('pstore', async () => clearPanics(runtime, config), undefined);
    },
  };
};
