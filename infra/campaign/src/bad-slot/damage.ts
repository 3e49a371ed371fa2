import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { open, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { espRead, espWrite, readGpt } from '@slipway/vm';

/** What is done to a disk between arming and the trial boot. */
export type Damage = 'flip-root-block' | 'truncate-uki' | 'randomise-uki' | 'unsign-uki';

export type DamagedSlot = {
  readonly disk: string;
  readonly slot: 'a' | 'b';
  /** as the builder left them: the root, and a UKI that has no signature */
  readonly build: { readonly root: string; readonly uki: string };
};

/** A file of the root that every boot reads, and only after the initramfs has handed over. */
const READ_LATE = '/usr/lib/slipway/agent.mjs';

/**
 * Where the content of a file begins in an erofs image.
 *
 * @returns bytes
 */
const firstExtentOf = async (image: string, path: string): Promise<number> => {
  const { stdout } = await promisify(execFile)('dump.erofs', ['-e', `--path=${path}`, image]);
  // "  0:  0.. 65536 | 65536 : 1234944.. 1257472 | 22528": logical, then physical extent.
  const start = /^\s*0:.*\|\s*\d+\s*:\s*(\d+)\.\./m.exec(stdout)?.[1];
  if (start === undefined) throw new Error(`dump.erofs told no extent of ${path}: ${stdout}`);
  return Number(start);
};

/** Puts a file in the place of another. */
const replaceUki = async ({ disk, slot }: DamagedSlot, change: (uki: Buffer) => Buffer): Promise<void> => {
  const path = `EFI/Linux/slot-${slot}.efi`;
  await espWrite(disk, path, change(await espRead(disk, path)));
};

/** What is left by storage that fails, or by someone who has the disk in his hands. */
export const inflict = async (damage: Damage, target: DamagedSlot): Promise<void> => {
  switch (damage) {
    case 'flip-root-block': {
      const partitions = await readGpt(target.disk);
      const root = partitions.find(({ name }) => name === `root-${target.slot}`);
      if (root === undefined) throw new Error(`${target.disk} has no root-${target.slot}`);
      const at = root.offset + (await firstExtentOf(target.build.root, READ_LATE)) + 100;
      await using file = await open(target.disk, 'r+');
      const { buffer } = await file.read(Buffer.alloc(1), 0, 1, at);
      await file.write(Buffer.from([(buffer[0] ?? 0) ^ 0x10]), 0, 1, at);
      return;
    }
    case 'truncate-uki':
      return replaceUki(target, (uki) => uki.subarray(0, Math.floor(uki.length / 2)));
    case 'randomise-uki':
      return replaceUki(target, (uki) => randomBytes(uki.length));
    case 'unsign-uki': {
      const unsigned = await readFile(target.build.uki);
      return replaceUki(target, () => unsigned);
    }
    default:
      damage satisfies never;
  }
};
