import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { espRead, espWrite, type Partition, readGpt } from '@slipway/vm';
import { beforeAll, beforeEach, afterAll, describe, expect, test } from 'vitest';
import { inflict } from './damage.ts';

const env = { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/sbin` };
const UKI = Buffer.from('a UKI with its signature');

let folder: string;
let pristine: string;
let root: string;
let disk: string;
const uki = () => join(folder, 'built.efi');

const rootOf = async (path: string): Promise<Partition> => {
  const found = (await readGpt(path)).find(({ name }) => name === 'root-b');
  if (found === undefined) throw new Error('no root-b');
  return found;
};

/** A disk with an ESP and the root of slot b, as an agent has left it. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-damage-'));
  const tree = join(folder, 'tree', 'usr', 'lib', 'slipway');
  mkdirSync(tree, { recursive: true });
  writeFileSync(join(tree, 'agent.mjs'), Buffer.alloc(100_000, 'the agent'));
  writeFileSync(join(tree, 'other'), Buffer.alloc(100_000, 'another file'));
  root = join(folder, 'root.img');
  execFileSync('mkfs.erofs', ['-zlz4', root, join(folder, 'tree')], { env, stdio: 'ignore' });
  pristine = join(folder, 'pristine.img');
  writeFileSync(pristine, '');
  truncateSync(pristine, 44 * 1024 * 1024);
  const partitions = ['-n', '1:2048:+34M', '-c', '1:esp', '-n', '2:0:+4M', '-c', '2:root-b'];
  execFileSync('sgdisk', [...partitions, pristine], { env, stdio: 'ignore' });
  execFileSync('mformat', ['-i', `${pristine}@@1048576`, '-T', '69632', '-h', '64', '-s', '32']);
  await espWrite(pristine, 'EFI/Linux/slot-b.efi', UKI);
  writeFileSync(uki(), 'a UKI');
  const { offset } = await rootOf(pristine);
  const bytes = readFileSync(pristine);
  readFileSync(root).copy(bytes, offset);
  writeFileSync(pristine, bytes);
});
beforeEach(() => {
  disk = join(folder, 'disk.img');
  cpSync(pristine, disk);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const hurt = (damage: Parameters<typeof inflict>[0]) =>
  inflict(damage, { disk, slot: 'b', build: { root, uki: uki() } });

test('one bit of the root changes, in the agent and nowhere else', async () => {
  await hurt('flip-root-block');
  const [before, after] = [readFileSync(pristine), readFileSync(disk)];
  const changed = [...before.keys()].filter((at) => before[at] !== after[at]);
  expect(changed).toHaveLength(1);
  const { offset, size } = await rootOf(disk);
  writeFileSync(join(folder, 'damaged.img'), after.subarray(offset, offset + size));
  const isWhole = (path: string, text: string): boolean => {
    try {
      const args = ['--cat', `--path=/usr/lib/slipway/${path}`, join(folder, 'damaged.img')];
      const content = execFileSync('dump.erofs', args, { env, stdio: ['ignore', 'pipe', 'ignore'] });
      return content.equals(Buffer.alloc(100_000, text));
    } catch {
      return false;
    }
  };
  expect(isWhole('other', 'another file')).toBe(true);
  expect(isWhole('agent.mjs', 'the agent')).toBe(false);
});

describe('the UKI of the slot', () => {
  const left = () => espRead(disk, 'EFI/Linux/slot-b.efi');

  test('is half of what it was', async () => {
    await hurt('truncate-uki');
    expect((await left()).equals(UKI.subarray(0, 12))).toBe(true);
  });

  test('is noise of the same length', async () => {
    await hurt('randomise-uki');
    expect((await left()).length).toBe(UKI.length);
    expect((await left()).equals(UKI)).toBe(false);
  });

  test('is as the builder made it, before it was signed', async () => {
    await hurt('unsign-uki');
    expect((await left()).toString()).toBe('a UKI');
  });
});
