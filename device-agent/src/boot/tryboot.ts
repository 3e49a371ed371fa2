import {
  AUTOBOOT_FILE,
  messageOf,
  otherSlot,
  type SlotName,
  type TrybootPartitions,
} from '@slipway/protocol';
import type { Files } from '../runtime/port.ts';
import { parseAutoboot, writeAutoboot, type Autoboot } from './autoboot.ts';
import { bootControlFailed, ensureReturn, isSlotName, type BootControl } from './boot-control.ts';
import type { Esp } from './esp.ts';
import { fault, ok } from './finding.ts';
import { expectReadBack, readRange, SECTOR, writeInPlace } from './in-place.ts';

export const DEFAULT_PARTITIONS: TrybootPartitions = { a: 2, b: 3 };

/** Words for `reboot`: the default partition, and the flag that the firmware clears before it starts anything. */
export const TRYBOOT_ARGUMENT = '0 tryboot';

/**
 * The firmware of a Raspberry Pi: `autoboot.txt` names the partition of the default, and another that is started when
 * the tryboot flag is set. The flag is given with the reboot and lives in the chip, so what `arm` leaves behind is a
 * note for the reboot, in a directory that a boot empties: a cut before the reboot disarms.
 *
 * @param runDir in memory
 */
export const tryboot = (
  files: Files,
  esp: Esp,
  runDir: string,
  partitions: TrybootPartitions = DEFAULT_PARTITIONS,
): BootControl => {
  const note = `${runDir}/tryboot`;
  const readFile = async () =>
    esp.use((directory) => readRange(files, `${directory}/${AUTOBOOT_FILE}`, 0, SECTOR));
  const slotAt = (partition: number | undefined): SlotName | null =>
    partition === partitions.a ? 'a' : partition === partitions.b ? 'b' : null;
  const defaultOf = ({ plain }: Autoboot): SlotName | null => slotAt(plain);

  const armed = async (): Promise<SlotName | null> => {
    const bytes = await files.read(note);
    const text = bytes === undefined ? undefined : new TextDecoder().decode(bytes).trim();
    return isSlotName(text) ? text : null;
  };
  const disarm = async (): Promise<void> => {
    try {
      await files.remove(note);
    } catch (error) {
      throw bootControlFailed('disarming', error);
    }
  };
  /** One sector: the plain and the tryboot partition change places together. */
  const put = async (slot: SlotName): Promise<void> => {
    const bytes = writeAutoboot(await readFile(), partitions, slot);
    await esp.use((directory) => writeInPlace(files, `${directory}/${AUTOBOOT_FILE}`, 0, bytes));
    expectReadBack(AUTOBOOT_FILE, bytes, (await readFile())?.subarray(0, bytes.length));
  };
  const isInOrder = (found: Autoboot): boolean => {
    const current = defaultOf(found);
    return current !== null && found.switchesPartitions && found.tryboot === partitions[otherSlot(current)];
  };

  const readDefault = async (): Promise<SlotName | null> => defaultOf(parseAutoboot(await readFile()));
  const setDefault: BootControl['setDefault'] = async (slot) => {
    try {
      const found = parseAutoboot(await readFile());
      if (!isInOrder(found) || defaultOf(found) !== slot) await put(slot);
    } catch (error) {
      // What the file says now is what the firmware will do, whatever the write said.
      const now = await readFile().then(parseAutoboot, () => undefined);
      if (now === undefined || defaultOf(now) !== slot) {
        throw bootControlFailed(`making slot ${slot} the default`, error);
      }
      return messageOf(error);
    }
    await disarm();
    return undefined;
  };

  return {
    loader: 'tryboot',
    readDefault,
    arm: async (slot) => {
      try {
        await ensureReturn({ readDefault, setDefault }, slot);
        if (!isInOrder(parseAutoboot(await readFile()))) await put(otherSlot(slot));
        await files.replace(note, slot);
        if ((await armed()) !== slot) throw new Error(`${note}: what was read back differs`);
      } catch (error) {
        await disarm().catch(() => undefined);
        throw bootControlFailed(`arming slot ${slot}`, error);
      }
    },
    disarm,
    setDefault,
    describe: async () => ({
      loader: 'tryboot',
      default: defaultOf(parseAutoboot(await readFile())),
      armed: await armed(),
      tried: null,
      keepsArming: false,
    }),
    rebootArgument: async () => ((await armed()) === null ? undefined : TRYBOOT_ARGUMENT),
    prepare: async () => [],
    inspect: async () => {
      const found = parseAutoboot(await readFile());
      if (isInOrder(found)) {
        return [ok('autoboot', `${AUTOBOOT_FILE}: partition ${found.plain}, on trial ${found.tryboot}`)];
      }
      const current = defaultOf(found);
      return [
        fault(
          'autoboot',
          `${AUTOBOOT_FILE}: partition ${found.plain ?? 'not named'}, on trial ${found.tryboot ?? 'not named'}, tryboot_a_b ${found.switchesPartitions ? 'set' : 'not set'}`,
          `expected partitions ${partitions.a} and ${partitions.b} with tryboot_a_b=1; slipway-agent doctor --fix writes them`,
          current === null
            ? undefined
            : async () => {
                await put(current);
                return `${AUTOBOOT_FILE} written for slot ${current}`;
              },
        ),
      ];
    },
  };
};
