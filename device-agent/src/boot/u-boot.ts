import {
  SlipwayError,
  SLOT_DEFAULT,
  SLOT_TRY,
  TRY_ARMED,
  U_BOOT_ESP_BYTES,
  U_BOOT_ESP_COUNTER,
  U_BOOT_ESP_FILES,
  type UBootEnvironment,
} from '@slipway/protocol';
import type { Files } from '../runtime/port.ts';
import { isSlotName, type BootControl } from './boot-control.ts';
import { environmentBoot } from './environment-boot.ts';
import type { Esp } from './esp.ts';
import { expectReadBack, readRange, writeInPlace } from './in-place.ts';
import type { SlotVariables, SlotVariableStore } from './slot-variables.ts';
import {
  decodeEnvironment,
  encodeEnvironment,
  newerCopy,
  nextFlags,
  type Environment,
  type EnvironmentCopy,
  type EnvironmentLayout,
} from './u-boot-environment.ts';

/** Where a copy lies, and how to get there. */
type Place = {
  readonly name: string;
  readonly read: () => Promise<Uint8Array | undefined>;
  readonly write: (bytes: Uint8Array) => Promise<void>;
};

type Storage = {
  readonly places: readonly Place[];
  readonly layout: EnvironmentLayout;
  /** of two good copies the one that holds */
  readonly newer: (first: EnvironmentCopy, second: EnvironmentCopy) => 0 | 1;
  /** the copy that comes after one */
  readonly next: (variables: Environment, before: EnvironmentCopy | undefined) => EnvironmentCopy;
  /** the environment holds more than ours, and must not be made up where no copy can be read */
  readonly isShared: boolean;
};

const slotVariables = ({ variables }: EnvironmentCopy): SlotVariables => {
  const slot = (name: string) => {
    const value = variables.get(name);
    return isSlotName(value) ? value : null;
  };
  const isArmed = variables.get(TRY_ARMED) === '1';
  return {
    default: slot(SLOT_DEFAULT),
    armed: isArmed ? slot(SLOT_TRY) : null,
    tried: isArmed ? null : slot(SLOT_TRY),
  };
};

const withSlots = (before: Environment, { default: current, armed, tried }: SlotVariables): Environment => {
  const variables = new Map(before);
  variables.set(SLOT_DEFAULT, current ?? '');
  variables.set(SLOT_TRY, armed ?? tried ?? '');
  variables.set(TRY_ARMED, armed === null ? '0' : '1');
  // U-Boot takes an empty value for a variable that is not there, and so do we.
  return new Map([...variables].filter(([, value]) => value !== ''));
};

export const uBootStore = ({ places, layout, newer, next, isShared }: Storage): SlotVariableStore => {
  const load = async (): Promise<{
    readonly copies: readonly (EnvironmentCopy | undefined)[];
    readonly current: number | undefined;
  }> => {
    const copies: (EnvironmentCopy | undefined)[] = [];
    for (const place of places) {
      // A copy that cannot be read is a damaged one: that is what there are two for.
      copies.push(decodeEnvironment(await place.read().catch(() => undefined), layout));
    }
    const [first, second] = copies;
    if (first !== undefined && second !== undefined) return { copies, current: newer(first, second) };
    const good = copies.findIndex((copy) => copy !== undefined);
    return { copies, current: good === -1 ? undefined : good };
  };

  const writeOnce = async (slots: SlotVariables): Promise<void> => {
    const { copies, current } = await load();
    const before = current === undefined ? undefined : copies[current];
    if (before === undefined && isShared) {
      throw new SlipwayError(
        'BOOT_CONTROL_FAILED',
        'the environment of U-Boot cannot be read, and what else was in it is not known; run saveenv in U-Boot, or fw_setenv with the defaults of the board.',
      );
    }
    // Over the older copy, or the damaged one: a cut leaves the other.
    const place = places[current === undefined ? 0 : places.length - 1 - current];
    if (place === undefined) throw new SlipwayError('INTERNAL', 'an environment without copies');
    const copy = next(withSlots(before?.variables ?? new Map(), slots), before);
    const bytes = encodeEnvironment(copy, layout);
    await place.write(bytes);
    expectReadBack(place.name, bytes, await place.read());
  };

  return {
    read: async () => {
      const { copies, current } = await load();
      const copy = current === undefined ? undefined : copies[current];
      return copy === undefined ? undefined : slotVariables(copy);
    },
    write: async (slots, copies) => {
      await writeOnce(slots);
      if (copies === 'all' && places.length > 1) await writeOnce(slots);
    },
    copies: async () => {
      const { copies } = await load();
      return places.map(({ name }, index) => ({ name, isReadable: copies[index] !== undefined }));
    },
  };
};

const counterOf = ({ variables }: EnvironmentCopy): number =>
  Number.parseInt(variables.get(U_BOOT_ESP_COUNTER) ?? '', 16) || 0;

/** Our own environment, two files on the ESP: for boards whose U-Boot keeps its environment nowhere, or in flash. */
const onEsp = (files: Files, esp: Esp): Storage => ({
  places: U_BOOT_ESP_FILES.map((name) => ({
    name,
    // Each use mounts anew, so what is read comes from the disk and not from a cache.
    read: async () => esp.use((directory) => readRange(files, `${directory}/${name}`, 0, U_BOOT_ESP_BYTES)),
    write: async (bytes) =>
      esp.use(async (directory) => {
        await files.makeDirectory(`${directory}/${name.slice(0, name.lastIndexOf('/'))}`);
        await writeInPlace(files, `${directory}/${name}`, 0, bytes);
      }),
  })),
  layout: { size: U_BOOT_ESP_BYTES, hasFlags: false },
  newer: (first, second) => (counterOf(second) > counterOf(first) ? 1 : 0),
  next: (variables, before) => ({
    flags: 0,
    variables: new Map([
      ...variables,
      [U_BOOT_ESP_COUNTER, ((before === undefined ? 0 : counterOf(before)) + 1).toString(16)],
    ]),
  }),
  isShared: false,
});

/** U-Boot's own environment on a block device. */
const onDevice = (files: Files, { size, copies }: UBootEnvironment): Storage => ({
  places: copies.map(({ path, offset }) => ({
    name: `${path} at ${offset}`,
    read: async () => readRange(files, path, offset, size),
    write: async (bytes) => writeInPlace(files, path, offset, bytes),
  })),
  layout: { size, hasFlags: copies.length > 1 },
  newer: (first, second) => newerCopy(first.flags, second.flags),
  next: (variables, before) => ({ variables, flags: nextFlags(before?.flags ?? 0) }),
  isShared: true,
});

export const uBoot = (files: Files, esp: Esp, environment: UBootEnvironment | undefined): BootControl =>
  environmentBoot(
    'u-boot',
    uBootStore(environment === undefined ? onEsp(files, esp) : onDevice(files, environment)),
  );
