import { GRUB_ESP_FILES, SLOT_DEFAULT, SLOT_TRY } from '@slipway/protocol';
import type { Files } from '../runtime/port.ts';
import { isSlotName, type BootControl } from './boot-control.ts';
import { environmentBoot } from './environment-boot.ts';
import type { Esp } from './esp.ts';
import { decodeGrubBlock, encodeGrubBlock, GRUB_BLOCK_BYTES } from './grub-environment.ts';
import { expectReadBack, readRange, writeInPlace } from './in-place.ts';
import type { SlotVariables, SlotVariableStore } from './slot-variables.ts';

/** GRUB has no `try_armed`: our grub.cfg moves `slot_try` here before it boots the trial. */
export const SLOT_TRIED = 'slot_tried';

const slotOf = (variables: ReadonlyMap<string, string> | undefined, name: string) => {
  const value = variables?.get(name);
  return isSlotName(value) ? value : null;
};

/**
 * GRUB's environment block on the ESP, and beside it one that names the default alone. Our variables come first, so that
 * they lie in one sector: it is written whole or not at all, by us and by `save_env`.
 */
export const grubStore = (files: Files, esp: Esp): SlotVariableStore => {
  const [main, spare] = GRUB_ESP_FILES;
  const read = async (name: string) =>
    esp.use((directory) => readRange(files, `${directory}/${name}`, 0, GRUB_BLOCK_BYTES));
  const block = async (name: string) => decodeGrubBlock(await read(name).catch(() => undefined));
  const write = async (name: string, bytes: Uint8Array): Promise<void> => {
    await esp.use(async (directory) => {
      await files.makeDirectory(`${directory}/${name.slice(0, name.lastIndexOf('/'))}`);
      await writeInPlace(files, `${directory}/${name}`, 0, bytes);
    });
    expectReadBack(name, bytes, await read(name));
  };
  const OURS: readonly string[] = [SLOT_DEFAULT, SLOT_TRY, SLOT_TRIED];
  const encode = (slots: SlotVariables, others: ReadonlyMap<string, string> | undefined): Uint8Array =>
    encodeGrubBlock(
      new Map([
        [SLOT_DEFAULT, slots.default ?? ''],
        [SLOT_TRY, slots.armed ?? ''],
        [SLOT_TRIED, slots.tried ?? ''],
        ...[...(others ?? [])].filter(([name]) => !OURS.includes(name)),
      ]),
    );
  return {
    read: async () => {
      const variables = await block(main);
      const current = slotOf(variables, SLOT_DEFAULT);
      // As in grub.cfg: a block that names no default is not believed in anything else.
      if (current !== null) {
        return {
          default: current,
          armed: slotOf(variables, SLOT_TRY),
          tried: slotOf(variables, SLOT_TRIED),
        };
      }
      const fallback = slotOf(await block(spare), SLOT_DEFAULT);
      return fallback === null ? undefined : { default: fallback, armed: null, tried: null };
    },
    write: async (slots, copies) => {
      await write(main, encode(slots, await block(main)));
      if (copies === 'all') await write(spare, encode({ ...slots, armed: null, tried: null }, undefined));
    },
    copies: async () => [
      { name: main, isReadable: slotOf(await block(main), SLOT_DEFAULT) !== null },
      { name: spare, isReadable: slotOf(await block(spare), SLOT_DEFAULT) !== null },
    ],
  };
};

export const grub = (files: Files, esp: Esp): BootControl => environmentBoot('grub', grubStore(files, esp));
