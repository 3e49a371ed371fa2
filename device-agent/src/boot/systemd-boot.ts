import { messageOf, SlotName } from '@slipway/protocol';
import type { Files } from '../runtime/port.ts';
import {
  bootControlFailed,
  ensureReturn,
  ukiName,
  type BootControl,
  type BootDescription,
} from './boot-control.ts';
import {
  decodeEfiString,
  encodeEfiString,
  FIRMWARE_GUID,
  LOADER_GUID,
  type EfiVariables,
} from './efi-variables.ts';
import { entryName } from './efi-boot-entry.ts';
import type { Esp } from './esp.ts';
import { fault, ok, warning, type Finding } from './finding.ts';
import { writeInPlace } from './in-place.ts';
import { confDefault, LOADER_CONF, withDefault } from './loader-conf.ts';
import type { OwnBootEntry } from './own-boot-entry.ts';

const DEFAULT = 'LoaderEntryDefault';
const ONE_SHOT = 'LoaderEntryOneShot';

/** Entries are compared as systemd-boot does: without regard to case. */
const slotOf = (entry: string | undefined): SlotName | null =>
  SlotName.options.find((slot) => ukiName(slot) === entry?.toLowerCase()) ?? null;

/**
 * systemd-boot by its boot loader interface: the trial is `LoaderEntryOneShot`, the confirmed slot is
 * `LoaderEntryDefault`, and `loader.conf` says the same for the day the variable is lost.
 */
export const systemdBoot = (
  files: Files,
  variables: EfiVariables,
  esp: Esp,
  ownEntry: OwnBootEntry,
): BootControl => {
  const entry = async (name: string): Promise<string | undefined> => {
    const value = await variables.read(name, LOADER_GUID);
    return value === undefined ? undefined : decodeEfiString(value);
  };
  const readConf = async (): Promise<string> => {
    const bytes = await esp.use((directory) => files.read(`${directory}/${LOADER_CONF}`));
    return new TextDecoder().decode(bytes ?? new Uint8Array());
  };
  const writeConf = async (slot: SlotName): Promise<void> => {
    const conf = await readConf();
    const wanted = withDefault(conf, slot);
    if (wanted === conf) return;
    await esp.use(async (directory) => {
      const path = `${directory}/${LOADER_CONF}`;
      const bytes = new TextEncoder().encode(wanted);
      // Names of slots are equally long, so this changes one sector and nothing of the file system: a cut in a rename
      // on FAT can leave a file on clusters that count as free.
      if ((await files.size(path)) === bytes.length) await writeInPlace(files, path, 0, bytes);
      else await files.replace(path, bytes);
    });
    if ((await readConf()) !== wanted) throw new Error('what was read back differs from what was written');
  };

  const readDefault = async (): Promise<SlotName | null> => {
    const named = await entry(DEFAULT);
    return slotOf(named ?? confDefault(await readConf()));
  };

  const disarm = async (): Promise<void> => {
    try {
      await variables.remove(ONE_SHOT, LOADER_GUID);
    } catch (error) {
      throw bootControlFailed('disarming', error);
    }
  };

  const writeDefault = async (slot: SlotName): Promise<void> => {
    const isNamed = async (): Promise<boolean> => slotOf(await entry(DEFAULT)) === slot;
    try {
      if (!(await isNamed())) await variables.write(DEFAULT, LOADER_GUID, encodeEfiString(ukiName(slot)));
    } catch (error) {
      // What the variable says now is what the loader will do, whatever the write said.
      if (!(await isNamed().catch(() => false))) {
        throw bootControlFailed(`making slot ${slot} the default`, error);
      }
    }
  };

  const setDefault: BootControl['setDefault'] = async (slot) => {
    await writeDefault(slot);
    const warnings: string[] = [];
    await disarm().catch((error: unknown) => warnings.push(messageOf(error)));
    await writeConf(slot).catch((error: unknown) =>
      warnings.push(`${LOADER_CONF} may still name the old default: ${messageOf(error)}`),
    );
    return warnings.length === 0 ? undefined : warnings.join('; ');
  };

  const describe = async (): Promise<BootDescription> => {
    const current = await readDefault();
    const selected = slotOf(await entry('LoaderEntrySelected'));
    return {
      loader: 'systemd-boot',
      default: current,
      armed: slotOf(await entry(ONE_SHOT)),
      // Only of this very boot: the loader takes the one-shot and leaves no trace of a boot that ended.
      tried: selected !== null && selected !== current ? selected : null,
      keepsArming: true,
    };
  };

  const addEntry = async (): Promise<string> => {
    const wanted = await ownEntry.wanted();
    if (wanted === undefined) return 'the firmware does not say where the loader lies';
    return `boot entry ${entryName(await ownEntry.add(wanted))} added`;
  };

  return {
    loader: 'systemd-boot',
    readDefault,
    arm: async (slot) => {
      try {
        await ensureReturn({ readDefault, setDefault }, slot);
        // A UKI that cannot be loaded makes systemd-boot return to the firmware; BootNext makes the firmware start
        // it once more, now without the one-shot, instead of sitting in its shell.
        const current = await variables.read('BootCurrent', FIRMWARE_GUID);
        if (current !== undefined) await variables.write('BootNext', FIRMWARE_GUID, current);
        await variables.write(ONE_SHOT, LOADER_GUID, encodeEfiString(ukiName(slot)));
      } catch (error) {
        await disarm().catch(() => undefined);
        throw bootControlFailed(`arming slot ${slot}`, error);
      }
    },
    disarm,
    setDefault,
    describe,
    rebootArgument: async () => undefined,

    prepare: async () => {
      const wanted = await ownEntry.wanted();
      if (wanted === undefined || (await ownEntry.find(wanted)) !== undefined) return [];
      return [await addEntry()];
    },

    inspect: async () => {
      const findings: Finding[] = [];
      const named = slotOf(await entry(DEFAULT));
      const inConf = slotOf(confDefault(await readConf()));
      if (named !== null && named === inConf) {
        findings.push(ok('loader-conf', `${DEFAULT} and ${LOADER_CONF} both name slot ${named}`));
      } else if (named !== null) {
        findings.push(
          fault(
            'loader-conf',
            `${LOADER_CONF} names ${inConf === null ? 'no slot' : `slot ${inConf}`}, ${DEFAULT} names slot ${named}: a lost variable would change the default`,
            `slipway-agent doctor --fix writes ${LOADER_CONF}`,
            async () => {
              await writeConf(named);
              return `${LOADER_CONF} names slot ${named}`;
            },
          ),
        );
      } else if (inConf !== null && (await entry(DEFAULT)) === undefined) {
        findings.push(ok('loader-conf', `${LOADER_CONF} names slot ${inConf}; ${DEFAULT} was never written`));
      }
      const wanted = await ownEntry.wanted();
      if (wanted === undefined) {
        findings.push(
          warning(
            'boot-entry',
            'the firmware does not say from which partition the loader was started',
            'check that the firmware starts this disk by itself',
          ),
        );
      } else {
        const number = await ownEntry.find(wanted);
        findings.push(
          number === undefined
            ? warning(
                'boot-entry',
                'the firmware has no boot entry for this disk made by Slipway: a UKI that cannot be loaded may leave it in its shell',
                'slipway-agent doctor --fix adds it',
                addEntry,
              )
            : ok('boot-entry', `${entryName(number)} starts ${wanted.file}`),
        );
      }
      return findings;
    },
  };
};
