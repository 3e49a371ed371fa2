import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { agentConfig, nodeRuntime, openBoot } from '@slipway/device-agent';
import { firstAutoboot, trybootScript } from '@slipway/image';
import { espRead, espWrite } from '@slipway/vm';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { espOfDisk, makeLoaderDisk } from './loader/disk.ts';
import { bootUntil } from './loader/machine.ts';

/** Debian's U-Boot for QEMU's arm64 board: no firmware of a Raspberry Pi runs in QEMU. */
const U_BOOT = '/usr/lib/u-boot/qemu_arm64/u-boot.bin';
const MACHINE = ['-M', 'virt', '-cpu', 'cortex-a72', '-m', '256', '-display', 'none'];

let folder: string;
let disk: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-tryboot-'));
  disk = join(folder, 'disk.img');
  await makeLoaderDisk(disk, 'arm64', { 'autoboot.txt': firstAutoboot(), 'boot.scr': trybootScript() });
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** What the firmware does with the disk: it reads `autoboot.txt`, and hands the words of a partition to what it starts. */
const wordsOf = async (isTrial: boolean): Promise<string> => {
  const text = (await espRead(disk, 'autoboot.txt')).toString();
  const plain = /^\[all\]\ntryboot_a_b=1\nboot_partition=(\d)$/m.exec(text)?.[1];
  const trial = /^\[tryboot\]\nboot_partition=(\d)$/m.exec(text)?.[1];
  const slot = { 2: 'a', 3: 'b' }[Number(isTrial ? trial : plain)];
  return `coherent_pool=1M slipway.slot=${slot} vc_mem.mem_base=0`;
};

/** @returns the slot that starts first */
const started = async (isTrial = false): Promise<string | undefined> => {
  const tree = join(folder, 'board.dtb');
  execFileSync('qemu-system-aarch64', ['-M', `virt,dumpdtb=${tree}`, ...MACHINE.slice(2)], { stdio: 'pipe' });
  execFileSync('fdtput', ['-t', 's', tree, '/chosen', 'bootargs', await wordsOf(isTrial)]);
  const { slots } = await bootUntil(
    'qemu-system-aarch64',
    [
      [...MACHINE, '-bios', U_BOOT, '-dtb', tree],
      ['-drive', `if=none,id=disk,format=raw,file=${disk}`, '-device', 'virtio-blk-pci,drive=disk'],
    ].flat(),
    1,
  );
  return slots[0];
};

test('U-Boot starts the slot of the partition that the firmware was in, and the agent says which that is', async () => {
  const control = openBoot(
    nodeRuntime({ searchPath: '/usr/bin:/bin', rebootCommand: null, log: () => undefined }),
    agentConfig(folder),
    { bootControl: 'tryboot' },
    espOfDisk(disk),
  );
  expect((await control.inspect()).map(({ level }) => level)).toEqual(['ok']);
  expect(await control.readDefault()).toBe('a');
  expect(await started()).toBe('a');

  await control.arm('b');
  // Where it was already in order nothing is written: what the image has is what the agent would write.
  expect((await espRead(disk, 'autoboot.txt')).equals(firstAutoboot())).toBe(true);
  expect(await control.rebootArgument()).toBe('0 tryboot');
  expect(await started(true)).toBe('b');
  // The firmware has forgotten the trial by then.
  expect(await started()).toBe('a');

  await control.setDefault('b');
  expect(await started()).toBe('b');
  await espWrite(disk, 'EFI/Linux/slot-b.efi', Buffer.alloc(70_000, 7));
  expect(await started()).toBe('a');
});
