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
    const bytes = Buffer.alloc(length);
    readSync(this.#file, bytes, 0, length, offset);
    return bytes;
  }

  close(): void {
    closeSync(this.#file);
  }
}

/**
 * A base image and, in memory, the sectors that differ. Thousands of states of a disk cost no copies of it.
 * Whoever writes gives its bytes away: they are kept, not copied.
 */
export class OverlayDisk implements Disk {
  readonly size: number;
  readonly #base: Disk;
  readonly #sectors = new Map<number, Buffer>();

  constructor(base: Disk) {
    this.#base = base;
    this.size = base.size;
  }

  read(offset: number, length: number): Buffer {
    const bytes = this.#base.read(offset, length);
    const first = Math.floor(offset / SECTOR);
    const last = Math.floor((offset + length - 1) / SECTOR);
    for (let sector = first; sector <= last; sector++) {
      const own = this.#sectors.get(sector);
      if (own === undefined) continue;
      const at = sector * SECTOR - offset;
      own.copy(bytes, Math.max(at, 0), Math.max(-at, 0), Math.min(SECTOR, length - at));
    }
    return bytes;
  }

  write(offset: number, bytes: Buffer): void {
    if (offset % SECTOR !== 0 || bytes.length % SECTOR !== 0) {
      this.#writeOdd(offset, bytes);
      return;
    }
    for (let at = 0; at < bytes.length; at += SECTOR)
      this.#sectors.set((offset + at) / SECTOR, bytes.subarray(at, at + SECTOR));
  }

  #writeOdd(offset: number, bytes: Buffer): void {
    const start = offset - (offset % SECTOR);
    const end = Math.ceil((offset + bytes.length) / SECTOR) * SECTOR;
    const whole = this.read(start, end - start);
    bytes.copy(whole, offset - start);
    this.write(start, whole);
  }

  /** Sectors that differ from the base, or once did. */
  written(): number[] {
    return [...this.#sectors.keys()].sort((a, b) => a - b);
  }
}

/** A part of a disk as a disk of its own. */
export const slice = (disk: Disk, offset: number, size: number): Disk => ({
  size,
  read: (at, length) => disk.read(offset + at, length),
});
