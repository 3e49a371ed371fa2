import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import type { Esp } from '@slipway/device-agent';
import type { WholeChainArch } from '@slipway/protocol';
import { espList, espRead, espWrite } from '@slipway/vm';
import { efiProgram } from './efi-program.ts';

const MIB = 1024 * 1024;
const ESP_MIB = 40;
const env = { ...process.env, PATH: [process.env['PATH'], '/usr/sbin', '/sbin'].join(delimiter) };
const run = (program: string, ...args: string[]): void => {
  execFileSync(program, args, { env, stdio: 'pipe' });
};

/** A disk with an ESP that holds these files, and a program in the place of each slot's UKI. */
export const makeLoaderDisk = async (
  disk: string,
  arch: WholeChainArch,
  files: Readonly<Record<string, Uint8Array>>,
): Promise<void> => {
  await writeFile(disk, '');
  await truncate(disk, (ESP_MIB + 2) * MIB);
  run(
    'sgdisk',
    `--new=1:2048:+${ESP_MIB}M`,
    '--change-name=1:esp',
    '--typecode=1:c12a7328-f81f-11d2-ba4b-00a0c93ec93b',
    disk,
  );
  run('mkfs.vfat', '-F', '32', '-s', '1', '--offset=2048', disk, String(ESP_MIB * 1024));
  for (const slot of ['a', 'b']) {
    await espWrite(disk, `EFI/Linux/slot-${slot}.efi`, efiProgram(arch, `this is slot ${slot}`));
  }
  for (const [path, content] of Object.entries(files)) await espWrite(disk, path, content);
};

const OURS = /^(?:(?:slipway|loader)\/|autoboot\.txt$)/i;

/** The ESP of a machine that is off, as the agent sees it; the host cannot mount it, so files go to and fro. */
export const espOfDisk = (disk: string): Esp => ({
  use: async (work) => {
    const directory = await mkdtemp(join(tmpdir(), 'slipway-esp-'));
    try {
      const before = new Map<string, Buffer>();
      for (const path of (await espList(disk)).filter((name) => OURS.test(name))) {
        const content = await espRead(disk, path);
        before.set(path, content);
        await mkdir(dirname(join(directory, path)), { recursive: true });
        await writeFile(join(directory, path), content);
      }
      const result = await work(directory);
      for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile()) continue;
        const path = join(entry.parentPath, entry.name);
        const content = await readFile(path);
        const name = path.slice(directory.length + 1);
        if (before.get(name)?.equals(content) !== true) await espWrite(disk, name, content);
      }
      return result;
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  },
});
