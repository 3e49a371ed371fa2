import { messageOf, SlipwayError, SlotName } from '@slipway/protocol';
import type { Runtime } from '../runtime/port.ts';
import { ukiName, type BootControl } from './boot-control.ts';
import {
  decodeEfiString,
  encodeEfiString,
  FIRMWARE_GUID,
  LOADER_GUID,
  type EfiVariables,
} from './efi-variables.ts';
import type { Esp } from './esp.ts';

const LOADER_CONF = 'loader/loader.conf';

const slotOf = (entry: string): SlotName | null =>
  SlotName.options.find((slot) => ukiName(slot) === entry) ?? null;

const failed = (what: string, cause: unknown): SlipwayError =>
  cause instanceof SlipwayError && cause.code === 'BOOT_CONTROL_FAILED'
    ? cause
    : new SlipwayError('BOOT_CONTROL_FAILED', `${what}: ${messageOf(cause)}`, { cause });

/** `loader.conf` with its `default` line replaced, or added. */
export const withDefault = (conf: string, slot: SlotName): string => {
  const line = `default ${ukiName(slot)}`;
  return /^default\s.*$/m.test(conf) ? conf.replace(/^default\s.*$/m, line) : `${line}\n${conf}`;
};

/**
 * systemd-boot by its boot loader interface: the trial is `LoaderEntryOneShot`, the confirmed slot is
 * `LoaderEntryDefault`, and `loader.conf` says the same for the day the variable is lost.
 */
export const systemdBoot = (runtime: Runtime, variables: EfiVariables, esp: Esp): BootControl => {
  const { files } = runtime;

  const disarm = async (): Promise<void> => {
    await variables.remove('LoaderEntryOneShot', LOADER_GUID);
  };

  return {
    readDefault: async () => {
      const value = await variables.read('LoaderEntryDefault', LOADER_GUID);
      if (value !== undefined) return slotOf(decodeEfiString(value));
      const conf = await esp.use((directory) => files.read(`${directory}/${LOADER_CONF}`));
      const text = new TextDecoder().decode(conf ?? new Uint8Array());
      return slotOf(/^default\s+(\S+)/m.exec(text)?.[1] ?? '');
    },

    arm: async (slot) => {
      try {
        // A UKI that cannot be loaded makes systemd-boot return to the firmware; BootNext makes the firmware start
        // it once more, now without the one-shot, instead of sitting in its shell.
        const current = await variables.read('BootCurrent', FIRMWARE_GUID);
        if (current !== undefined) await variables.write('BootNext', FIRMWARE_GUID, current);
        await variables.write('LoaderEntryOneShot', LOADER_GUID, encodeEfiString(ukiName(slot)));
      } catch (error) {
        await disarm().catch(() => undefined);
        throw failed(`arming slot ${slot}`, error);
      }
    },

    disarm,

    setDefault: async (slot) => {
      const entry = encodeEfiString(ukiName(slot));
      const names = async (): Promise<boolean> => {
        const value = await variables.read('LoaderEntryDefault', LOADER_GUID);
        return value !== undefined && slotOf(decodeEfiString(value)) === slot;
      };
      try {
        if (!(await names())) await variables.write('LoaderEntryDefault', LOADER_GUID, entry);
      } catch (error) {
        // What the variable says now is what the loader will do, whatever the write said.
        if (!(await names().catch(() => false))) throw failed(`making slot ${slot} the default`, error);
      }
      try {
        await esp.use(async (directory) => {
          const path = `${directory}/${LOADER_CONF}`;
          const conf = new TextDecoder().decode((await files.read(path)) ?? new Uint8Array());
          const wanted = withDefault(conf, slot);
          if (wanted !== conf) await files.replace(path, wanted);
        });
      } catch (error) {
        return `${LOADER_CONF} still names the old default: ${messageOf(error)}`;
      }
      return undefined;
    },
  };
};
