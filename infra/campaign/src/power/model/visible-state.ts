import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { slice, type Disk } from '../../block/overlay-disk.ts';
import type { WriteLog } from '../../block/write-log.ts';
import { readFat, type FatContent } from '../../firmware/fat.ts';
import { partitionsOf, placeOf } from '../../firmware/gpt.ts';
import { readVariables } from '../../firmware/variable-store.ts';
import { diskAfter, mediumAfter, RegionWrites, type Cut, type Region } from '../cut/cut.ts';
import type { Disks } from '../record/record.ts';
import { digestOfDisk } from '../judge/medium.ts';
import { digestOfFolder, extractData } from './data-partition.ts';
import type { Variables } from './loader.ts';
import { areStagedOnly, mendedEsp } from './mended-esp.ts';

/** All of a medium that firmware, loader, init and agent look at, without how it lies there. */
export type VisibleState = {
  readonly variables: Variables;
  readonly esp: FatContent;
  readonly roots: { readonly a: Disk; readonly b: Disk };
  /** holds the agent's files as `slipway/…` */
  readonly dataFolder: string;
};

/** Variables of the firmware itself, such as its consoles and counters, decide nothing here. */
const DECIDING = /^(?:Loader|Boot[ON0-9]|Slipway)/;

const decidingVariables = (flash: Disk): Variables =>
  new Map([...readVariables(flash)].filter(([name]) => DECIDING.test(name)));

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const keyOfVariables = (variables: Variables): string =>
  sha256(
    JSON.stringify([...variables].map(([name, { value }]) => `${name}=${value.toString('hex')}`).sort()),
  );
const keyOfEsp = ({ files }: FatContent): string =>
  sha256(
    JSON.stringify(
      [...files].map(([name, bytes]) => `${name} ${createHash('sha256').update(bytes).digest('hex')}`).sort(),
    ),
  );

/** What the model does not understand; such a state is booted. */
export class Untold extends Error {}

const told = <T>(what: string, read: () => T): T => {
  try {
    return read();
  } catch (error) {
    throw new Untold(`${what}: ${String(error)}`);
  }
};

/**
 * The ESP, mended as the device would. What firmware and loader do where a file of theirs lies on a broken chain nobody
 * plays: it is booted.
 */
const soundEsp = async (disk: Disk, image: string): Promise<FatContent> => {
  const esp = told('esp', () => readFat(disk));
  if (esp.faults.length === 0) return esp;
  if (!areStagedOnly(esp.faults)) throw new Untold(`esp: ${esp.faults.join('; ')}`);
  return mendedEsp(disk, image).catch((error: unknown) => {
    throw new Untold(`esp: ${String(error)}`);
  });
};

/**
 * Reads the states that a recording can be cut to. Keys are cheap: a part of the medium is read again only where other
 * writes have touched it.
 */
export class StateReader {
  readonly #log: WriteLog;
  readonly #base: Disks;
  readonly #folder: string;
  readonly #parts: ReadonlyMap<string, RegionWrites>;
  readonly #keys = new Map<string, Promise<string>>();
  readonly #rootBytes: number;
  #extracted = 0;

  /** @param rootBytes of a slot; nothing of a release lies behind them */
  constructor(log: WriteLog, base: Disks, folder: string, rootBytes: number) {
    this.#log = log;
    this.#base = base;
    this.#folder = folder;
    this.#rootBytes = rootBytes;
    const places = partitionsOf(base.disk);
    const region = (name: string): Region => ({ device: 'disk', ...placeOf(places, name) });
    this.#parts = new Map([
      ['vars', new RegionWrites(log, { device: 'vars', offset: 0, size: base.vars.size })],
      ...['esp', 'root-a', 'root-b', 'data'].map(
        (name) => [name, new RegionWrites(log, region(name))] as const,
      ),
    ]);
  }

  #part(name: string): RegionWrites {
    const part = this.#parts.get(name);
    if (part === undefined) throw new Error(`there is no part ${name}`);
    return part;
  }

  #disk(name: string, medium: ReturnType<typeof mediumAfter>): Disk {
    const { region } = this.#part(name);
    const disk = diskAfter(this.#base[region.device], region.device, this.#log, medium, region);
    return slice(disk, region.offset, region.size);
  }

  async #keyOf(name: string, medium: ReturnType<typeof mediumAfter>): Promise<string> {
    const disk = this.#disk(name, medium);
    if (name === 'vars') return told('variables', () => keyOfVariables(decidingVariables(disk)));
    if (name === 'esp')
      return keyOfEsp(await soundEsp(disk, join(this.#folder, `esp-${this.#extracted++}.img`)));
    if (name !== 'data') return digestOfDisk(disk, this.#rootBytes);
    const folder = join(this.#folder, `key-${this.#extracted++}`);
    return extractData(disk, folder)
      .then(async () => digestOfFolder(folder))
      .catch((error: unknown) => {
        throw new Untold(`data: ${String(error)}`);
      });
  }

  /**
   * Equal for cuts after which nobody could tell the media apart.
   *
   * @throws {Untold}
   */
  async keyOf(cut: Cut): Promise<string> {
    const medium = mediumAfter(this.#log, cut);
    const keys: string[] = [];
    for (const [name, part] of this.#parts) {
      const version = `${name} ${part.versionAfter(medium)}`;
      let key = this.#keys.get(version);
      if (key === undefined) {
        key = this.#keyOf(name, medium);
        this.#keys.set(version, key);
      }
      keys.push(await key);
    }
    return sha256(keys.join(' ')).slice(0, 24);
  }

  /** @throws {Untold} */
  async read(cut: Cut, folder: string): Promise<VisibleState> {
    const medium = mediumAfter(this.#log, cut);
    const dataFolder = join(folder, 'data');
    await extractData(this.#disk('data', medium), dataFolder).catch((error: unknown) => {
      throw new Untold(`data: ${String(error)}`);
    });
    const esp = await soundEsp(this.#disk('esp', medium), join(folder, 'esp.img'));
    return {
      variables: told('variables', () => decidingVariables(this.#disk('vars', medium))),
      esp,
      roots: { a: this.#disk('root-a', medium), b: this.#disk('root-b', medium) },
      dataFolder,
    };
  }
}
