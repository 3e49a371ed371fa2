import { OverlayDisk, SECTOR, type Disk } from '../../block/overlay-disk.ts';
import type { DeviceName, LogEntry, WriteLog } from '../../block/write-log.ts';
import { random } from './random.ts';

/**
 * A moment at which the power goes, and what is left then. All of the first `boundary` entries of the log had been
 * asked for. Of what was flushed nothing is lost, and neither is what went to the firmware's flash.
 *
 * - `prefix`: everything asked for is there
 * - `torn`: and `sectors` of the next write
 * - `lost`: of the writes since the last flush some are there, some in part, chosen by `seed`
 */
export type Cut =
  | { readonly kind: 'prefix'; readonly boundary: number }
  | { readonly kind: 'torn'; readonly boundary: number; readonly sectors: number }
  | { readonly kind: 'lost'; readonly boundary: number; readonly seed: number };

/** A write of the log that is on the medium, as far as it is. */
export type Applied = { readonly index: number; readonly sectors: number };

type Write = Extract<LogEntry, { readonly kind: 'write' }>;

const sectorsOf = (write: Write): number => Math.ceil(write.bytes.length / SECTOR);

/** Entries before which the last flush of the disk lies: all before it is on the medium. */
export const flushedBefore = (log: WriteLog, boundary: number): number => {
  for (let at = boundary - 1; at >= 0; at--) {
    const entry = log[at];
    if (entry?.kind === 'flush' && entry.device === 'disk') return at + 1;
  }
  return 0;
};

/** Writes of the disk that the power takes, or not: those that neither a flush nor FUA has made safe. */
export const unflushed = (log: WriteLog, boundary: number): number[] => {
  const found: number[] = [];
  for (let at = flushedBefore(log, boundary); at < boundary; at++) {
    const entry = log[at];
    if (entry?.kind === 'write' && entry.device === 'disk' && !entry.fua) found.push(at);
  }
  return found;
};

/**
 * What is on the medium after a cut: everything below `all`, and of what follows the writes that are listed, in order.
 */
export const mediumAfter = (
  log: WriteLog,
  cut: Cut,
): { readonly all: number; readonly more: readonly Applied[] } => {
  if (cut.kind === 'prefix') return { all: cut.boundary, more: [] };
  if (cut.kind === 'torn')
    return { all: cut.boundary, more: [{ index: cut.boundary, sectors: cut.sectors }] };
  const chance = random(cut.seed * 1_000_003 + cut.boundary);
  const all = flushedBefore(log, cut.boundary);
  const more: Applied[] = [];
  for (let index = all; index < cut.boundary; index++) {
    const entry = log[index];
    if (entry?.kind !== 'write') continue;
    const sectors = sectorsOf(entry);
    if (entry.device === 'vars' || entry.fua) more.push({ index, sectors });
    else if (chance() < 0.5)
      more.push({ index, sectors: chance() < 0.25 ? Math.floor(chance() * sectors) : sectors });
  }
  return { all, more };
};

export type Region = { readonly device: DeviceName; readonly offset: number; readonly size: number };

const touches = (write: Write, region: Region): boolean =>
  write.device === region.device &&
  write.offset < region.offset + region.size &&
  write.offset + write.bytes.length > region.offset;

/** Writes of a log that touch a region, so that what they leave of it can be told apart without reading it. */
export class RegionWrites {
  readonly region: Region;
  readonly #indices: number[];
  readonly #own: ReadonlySet<number>;

  constructor(log: WriteLog, region: Region) {
    this.region = region;
    this.#indices = log.flatMap((entry, index) =>
      entry.kind === 'write' && touches(entry, region) ? [index] : [],
    );
    this.#own = new Set(this.#indices);
  }

  /** Equal for cuts that leave the same writes in the region. */
  versionAfter({ all, more }: ReturnType<typeof mediumAfter>): string {
    const before = this.#indices.findIndex((index) => index >= all);
    const rest = more.filter(({ index, sectors }) => sectors > 0 && this.#own.has(index));
    return [
      before === -1 ? this.#indices.length : before,
      ...rest.map(({ index, sectors }) => `${index}:${sectors}`),
    ].join(' ');
  }
}

/** Materialises a device as a cut leaves it; only its writes in `region` where that is given. */
export const diskAfter = (
  base: Disk,
  device: DeviceName,
  log: WriteLog,
  { all, more }: ReturnType<typeof mediumAfter>,
  region?: Region,
): OverlayDisk => {
  const disk = new OverlayDisk(base);
  const apply = (index: number, sectors: number): void => {
    const entry = log[index];
    if (entry?.kind !== 'write' || entry.device !== device) return;
    if (region !== undefined && !touches(entry, region)) return;
    disk.write(entry.offset, entry.bytes.subarray(0, sectors * SECTOR));
  };
  for (let index = 0; index < all; index++) apply(index, Number.POSITIVE_INFINITY);
  for (const { index, sectors } of more) apply(index, sectors);
  return disk;
};
