import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { otherSlot, type SlotName } from '@slipway/protocol';
import { BaseImage, type Disk } from '../../block/overlay-disk.ts';
import type { FatContent } from '../../firmware/fat.ts';
import { GUEST_MQTT_URL } from '@slipway/qualifier/cloud';
import type { Release } from '../ground/releases.ts';
import { digestOfDisk, sizeOf } from '../judge/medium.ts';
import { writeSparse } from './data-partition.ts';
import { FIRMWARE_GUID, LOADER_GUID, startLoader, type Firmware, type Variables } from './loader.ts';
import type { VisibleState } from './visible-state.ts';

const EFIVARS = 'sys/firmware/efi/efivars';
const LAST_BOOT = `BootCurrent-${FIRMWARE_GUID}`;
const SELECTED = `LoaderEntrySelected-${LOADER_GUID}`;
/** non-volatile or not, seen while booting and running */
const ATTRIBUTES = { kept: 7, volatile: 6 } as const;

export type KnownRelease = { readonly release: Release; readonly etc: ReadonlyMap<string, string> };

export type Booted = { readonly slot: SlotName; readonly release: Release };

/** A device in a directory, as the agent sees it through `SLIPWAY_AGENT_ROOT`. */
export type ModelDevice = {
  /** Firmware, loader, kernel and init. @returns undefined where this start ended in a reset */
  readonly boot: () => Promise<Booted | undefined>;
  readonly esp: () => Promise<FatContent>;
  readonly variables: () => Promise<Variables>;
  readonly root: (slot: SlotName) => Disk;
  /** the machine does not start any more */
  readonly isBricked: () => boolean;
  readonly close: () => void;
};

const filesBelow = async (folder: string): Promise<Map<string, Buffer>> => {
  const files = new Map<string, Buffer>();
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    files.set(path.slice(folder.length + 1), await readFile(path));
  }
  return files;
};

const sha256 = (bytes: Uint8Array): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** Puts a state into a directory. Where slots are not written they are shared: `shared` has the old one. */
export const makeModelDevice = async (
  root: string,
  state: VisibleState,
  firmware: Firmware,
  releases: readonly KnownRelease[],
  shared: { readonly slot: SlotName; readonly file: string },
  cloud: { readonly mqttPort: number },
): Promise<ModelDevice> => {
  const path = (name: string): string => join(root, name);
  const put = async (name: string, bytes: string | Uint8Array): Promise<void> => {
    await mkdir(join(path(name), '..'), { recursive: true });
    await writeFile(path(name), bytes);
  };
  let bricked = false;

  for (const name of ['dev/disk/by-partlabel', EFIVARS, 'data', 'esp/EFI/Linux'])
    await mkdir(path(name), { recursive: true });
  for (const slot of [shared.slot, otherSlot(shared.slot)]) {
    const file = path(`dev/disk/by-partlabel/root-${slot}`);
    if (slot === shared.slot) await symlink(shared.file, file);
    else await writeSparse(file, state.roots[slot]);
  }
  for (const [name, bytes] of state.esp.files) await put(`esp/${name}`, bytes);
  await rm(path('data/slipway'), { recursive: true, force: true });
  await rename(join(state.dataFolder, 'slipway'), path('data/slipway')).catch(() => undefined);
  // The cloud of a model is reached where it is, not where QEMU would lead to it.
  const identity = path('data/slipway/identity/identity.json');
  const text = await readFile(identity, 'utf8').catch(() => undefined);
  if (text !== undefined)
    await writeFile(identity, text.replaceAll(GUEST_MQTT_URL, `mqtts://127.0.0.1:${cloud.mqttPort}`));

  const writeVariables = async (variables: Variables): Promise<void> => {
    await rm(path(EFIVARS), { recursive: true, force: true });
    for (const [name, { attributes, value }] of variables) {
      const head = Buffer.alloc(4);
      head.writeUInt32LE(attributes);
      await put(`${EFIVARS}/${name}`, Buffer.concat([head, value]));
    }
  };
  const readVariables = async (): Promise<Variables> =>
    new Map(
      [...(await filesBelow(path(EFIVARS)))].map(([name, bytes]) => [
        name,
        { attributes: bytes.readUInt32LE(0), value: bytes.subarray(4) },
      ]),
    );
  const readEsp = async (): Promise<FatContent> => ({ files: await filesBelow(path('esp')), faults: [] });
  const openRoot = (slot: SlotName) => new BaseImage(path(`dev/disk/by-partlabel/root-${slot}`));
  const roots = { a: openRoot('a'), b: openRoot('b') };
  await writeVariables(state.variables);

  /** The slot that init mounts: hinted by the entry, decided by the bytes. */
  const slotWith = (release: Release, hint: SlotName): SlotName | undefined =>
    [hint, otherSlot(hint)].find(
      (slot) => digestOfDisk(roots[slot], sizeOf(release, 'root.img')) === release.digestOf('root.img'),
    );

  const boot: ModelDevice['boot'] = async () => {
    const esp = await readEsp();
    const variables = new Map(
      [...(await readVariables())].filter(([, { attributes }]) => attributes === ATTRIBUTES.kept),
    );
    const choice = firmware.startsLoader(esp) ? startLoader(variables, esp) : undefined;
    const name = [...esp.files.keys()].find((file) => file.toLowerCase() === `efi/linux/${choice?.entry}`);
    const uki = name === undefined ? undefined : esp.files.get(name);
    const known = releases.find(
      ({ release }) => uki !== undefined && sha256(uki) === release.digestOf('uki.efi'),
    );
    const hint = choice?.entry === 'slot-b.efi' ? 'b' : 'a';
    const slot = known === undefined ? undefined : slotWith(known.release, hint);
    if (choice !== undefined) {
      const volatile = (value: Buffer) => ({ attributes: ATTRIBUTES.volatile, value });
      const order = variables.get(`BootOrder-${FIRMWARE_GUID}`)?.value.subarray(0, 2) ?? Buffer.alloc(2);
      variables.set(LAST_BOOT, volatile(order));
      variables.set(SELECTED, volatile(Buffer.from(`${choice.entry}\0`, 'utf16le')));
    }
    await writeVariables(variables);
    if (known === undefined || slot === undefined) {
      // A trial falls back by itself; what is the default starts the same way again.
      bricked = choice?.isOneShot !== true;
      return undefined;
    }
    await rm(path('run'), { recursive: true, force: true });
    await put('proc/cmdline', `slipway.roothash=${known.release.result.rootHash}\n`);
    await put('proc/sys/kernel/random/boot_id', `${randomUUID()}\n`);
    await put('run/slipway/slot', `${slot}\n`);
    await mkdir(path('run/slipway/services'), { recursive: true });
    for (const [file, content] of known.etc) await put(file, content);
    return { slot, release: known.release };
  };

  return {
    boot,
    esp: readEsp,
    variables: readVariables,
    root: (slot) => roots[slot],
    close: () => {
      roots.a.close();
      roots.b.close();
    },
    isBricked: () => bricked,
  };
};
