import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeOciLayout, type TreeEntry } from '@slipway/components';
import { afterAll, beforeAll, expect, test } from 'vitest';

const launcher = fileURLToPath(new URL('../bin/slipway', import.meta.url));
const MIB = 1024 * 1024;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-memory-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('an image larger than all the memory of the builder is built', async () => {
  const meta = { mode: 0o755, uid: 0, gid: 0, mtime: 0, source: 's' };
  const hole = join(folder, 'hole');
  writeFileSync(hole, '');
  const entries: TreeEntry[] = [
    { ...meta, path: 'kernel', type: 'file', content: Buffer.from('kernel') },
    {
      ...meta,
      path: 'large',
      type: 'file',
      content: { file: hole, offset: 0, size: 320 * MIB, extents: [] },
    },
  ];
  const layers = [new Map(entries.map((entry) => [entry.path, entry]))];
  await writeOciLayout(join(folder, 'large'), {
    tag: '1',
    platforms: [{ arch: 'amd64', layers, config: { Cmd: ['/large'] } }],
  });
  writeFileSync(
    join(folder, 'image.yml'),
    "kernel: { image: 'oci:large', tar: none }\nservices: [{ name: a, image: 'oci:large' }]\n",
  );
  const formats = 'tar,kernel+initrd,oci';
  const words = ['build', '--arch', 'amd64', '--format', formats, '--cache', 'cache', '-q', 'image.yml'];
  const { status, stderr } = spawnSync('/usr/bin/time', ['-f', '%M', launcher, ...words], {
    cwd: folder,
    encoding: 'utf8',
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: expect.stringMatching(/^\d+\n$/) as unknown });
  expect(statSync(join(folder, 'image.tar')).size).toBeGreaterThan(320 * MIB);
  expect(Number(stderr) * 1024).toBeLessThan(240 * MIB);
});
