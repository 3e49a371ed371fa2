import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { agentConfig, nodeRuntime, openBoot, type BootControl } from '@slipway/device-agent';
import { espWrite, readGpt } from '@slipway/vm';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { espOfDisk, makeLoaderDisk } from './loader/disk.ts';
import { efiProgram } from './loader/efi-program.ts';
import { bootUntil } from './loader/machine.ts';

const CODE = '/usr/share/OVMF/OVMF_CODE_4M.fd';
const VARS = '/usr/share/OVMF/OVMF_VARS_4M.fd';
const LOADER = '4a67b082-0a4c-41cf-b6c7-440b29bb8c4f';
const FIRMWARE = '8be4df61-93ca-11d2-aa0d-00e098032b8c';
const ATTRIBUTES = Buffer.from([7, 0, 0, 0]);
/** A place where no firmware looks by itself. */
const FILE = String.raw`\EFI\slipway\loader.efi`;

let root: string;
let disk: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'slipway-entry-'));
  disk = join(root, 'disk.img');
});
afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

const boot = (): BootControl =>
  openBoot(
    nodeRuntime({ searchPath: '/usr/bin:/bin', rebootCommand: null, log: () => undefined }),
    agentConfig(root),
    {},
    espOfDisk(disk),
  );

test('the boot entry that the agent adds is one that the firmware starts', async () => {
  await makeLoaderDisk(disk, 'amd64', { 'loader/loader.conf': Buffer.from('default slot-a.efi\n') });
  await espWrite(disk, FILE.slice(1).replaceAll('\\', '/'), efiProgram('amd64', 'this is slot a'));
  const esp = (await readGpt(disk))[0];
  const variables = join(root, 'sys/firmware/efi/efivars');
  const partition = join(root, 'sys/class/block/vda1');
  await mkdir(variables, { recursive: true });
  await mkdir(partition, { recursive: true });
  const variable = async (name: string, guid: string, value: Buffer): Promise<void> =>
    writeFile(join(variables, `${name}-${guid}`), Buffer.concat([ATTRIBUTES, value]));
  await variable('LoaderDevicePartUUID', LOADER, Buffer.from(`${esp?.guid.toUpperCase()}\0`, 'utf16le'));
  await variable('LoaderImageIdentifier', LOADER, Buffer.from(`${FILE}\0`, 'utf16le'));
  await variable('BootCurrent', FIRMWARE, Buffer.from([3, 0]));
  await variable('BootOrder', FIRMWARE, Buffer.from([2, 0, 3, 0, 4, 0]));
  await writeFile(join(partition, 'uevent'), 'DEVNAME=vda1\nPARTN=1\nPARTNAME=esp\n');
  await writeFile(join(partition, 'partition'), '1\n');
  await writeFile(join(partition, 'start'), `${(esp?.offset ?? 0) / 512}\n`);
  await writeFile(join(partition, 'size'), `${(esp?.size ?? 0) / 512}\n`);

  const levels = async (): Promise<string[]> => (await boot().inspect()).map(({ level }) => level);
  expect(await levels()).toEqual(['ok', 'warning']);
  expect(await boot().prepare()).toEqual(['boot entry Boot1000 added']);
  expect(await boot().prepare()).toEqual([]);
  expect(await levels()).toEqual(['ok', 'ok']);
  // Right behind the entry that started this boot.
  const order = (await readFile(join(variables, `BootOrder-${FIRMWARE}`))).subarray(4);
  expect(order.toString('hex')).toBe('0200030000100400');

  const json = {
    version: 2,
    variables: await Promise.all(
      (await readdir(variables))
        .filter((name) => /^Boot(?:1000|Order)-/.test(name))
        .map(async (name) => ({
          name: name.slice(0, name.indexOf('-')),
          guid: FIRMWARE,
          attr: 7,
          data: (await readFile(join(variables, name))).subarray(4).toString('hex'),
        })),
    ),
  };
  await writeFile(join(root, 'vars.json'), JSON.stringify(json));
  const vars = join(root, 'vars.fd');
  await promisify(execFile)('virt-fw-vars', ['-i', VARS, '-o', vars, '--set-json', join(root, 'vars.json')]);
  const { slots, console } = await bootUntil(
    'qemu-system-x86_64',
    [
      ['-M', 'q35', '-cpu', 'max', '-m', '256'],
      ['-fw_cfg', 'name=opt/org.tianocore/IPv4PXESupport,string=n'],
      ['-drive', `if=pflash,unit=0,format=raw,readonly=on,file=${CODE}`],
      ['-drive', `if=pflash,unit=1,format=raw,file=${vars}`],
      ['-drive', `if=none,id=disk,format=raw,file=${disk}`],
      ['-device', 'virtio-blk-pci,drive=disk'],
    ].flat(),
    2,
  );
  expect(slots).toEqual(['a', 'a']);
  expect(console).toMatch(/starting Boot1000 "Slipway" from HD\(1,GPT,/);
});
