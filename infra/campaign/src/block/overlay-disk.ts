import { fstatSync, openSync, closeSync, readSync } from 'node:fs';

export const SECTOR = 512;

/** What a program, a firmware or a virtual machine sees as a disk. */
export type Disk = {
  readonly size: number;
  readonly read: (offset: number, length: number) => Buffer;
};

/** A disk image that nobody writes. */
export class BaseImage implements Disk {
  readonly size: number;
  readonly #file: number;

  constructor(path: string) {
    this.#file = openSync(path, 'r');
    this.size = fstatSync(this.#file).size;
  }

  read(offset: number, length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length);
    bytes.fill(0, readSync(this.#file, bytes, 0, length, offset));
    return bytes;
  }

  close(): void {
    closeSync(this.#file);
  }
}

/** Sectors of one piece; a place fits into a small integer, of which a map holds a hundred thousand without ado. */
const PIECE_SECTORS = 0x1_0000;

/**
 * A base image and, in memory, the sectors that differ. Thousands of states of a disk cost no copies of it.
 * Whoever writes gives its bytes away: they are kept, not copied.
 */
export class OverlayDisk implements Disk {
  readonly size: number;
  readonly #base: Disk;
  readonly #pieces: Buffer[] = [];
  /** by sector: number of the piece and sector within it */
  readonly #sectors = new Map<number, number>();

  constructor(base: Disk) {
    this.#base = base;
    this.size = base.size;
  }

  read(offset: number, length: number): Buffer {
    const bytes = this.#base.read(offset, length);
    const first = Math.floor(offset / SECTOR);
    const last = Math.floor((offset + length - 1) / SECTOR);
    for (let sector = first; sector <= last; sector++) {
      const place = this.#sectors.get(sector);
      if (place === undefined) continue;
      const at = sector * SECTOR - offset;
      const from = (place % PIECE_SECTORS) * SECTOR;
      const end = from + Math.min(SECTOR, length - at);
      this.#pieces[Math.floor(place / PIECE_SECTORS)]?.copy(
        bytes,
        Math.max(at, 0),
        from + Math.max(-at, 0),
        end,
      );
    }
    return bytes;
  }

  write(offset: number, bytes: Buffer): void {
    if (offset % SECTOR !== 0 || bytes.length % SECTOR !== 0) {
      this.#writeOdd(offset, bytes);
      return;
    }
    const first = offset / SECTOR;
    const sectors = bytes.length / SECTOR;
    for (let at = 0; at < sectors; at++) {
      if (at % PIECE_SECTORS === 0) this.#pieces.push(bytes.subarray(at * SECTOR));
      this.#sectors.set(first + at, (this.#pieces.length - 1) * PIECE_SECTORS + (at % PIECE_SECTORS));
    }
  }

  #writeOdd(offset: number, bytes: Buffer): void {
    const start = offset - (offset % SECTOR);
    const end = Math.ceil((offset + bytes.length) / SECTOR) * SECTOR;
    const whole = this.read(start, end - start);
    bytes.copy(whole, offset - start);
    this.write(start, whole);
  }
}

/** A part of a disk as a disk of its own. */
export const slice = (disk: Disk, offset: number, size: number): Disk => ({
  size,
  read: (at, length) => disk.read(offset + at, length),
});
