import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { writeErofs } from './erofs.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-erofs-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const env = { ...process.env, PATH: [process.env['PATH'], '/usr/sbin', '/sbin'].join(delimiter) };
/** Mounting is for root; `npm test` asks for root or sudo. */
const asRoot = (program: string, ...args: string[]): string =>
  process.getuid?.() === 0
    ? execFileSync(program, args, { env, encoding: 'utf8' })
    : execFileSync('sudo', ['-n', program, ...args], { env, encoding: 'utf8' });

test('the kernel sees capabilities, owners and modes of the files in a mounted image', async () => {
  const meta = { uid: 0, gid: 0, mtime: 0, source: 's' };
  const capability = Uint8Array.of(1, 0, 0, 2, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
  const image = join(folder, 'root.img');
  await writeErofs(
    [
      { ...meta, path: 'bin', type: 'directory', mode: 0o755 },
      {
        ...meta,
        path: 'bin/ping',
        type: 'file',
        mode: 0o755,
        content: Buffer.from('ping'),
        xattrs: new Map([['security.capability', capability]]),
      },
      { ...meta, path: 'bin/su', type: 'file', mode: 0o4711, uid: 7, gid: 8, content: Buffer.from('su') },
    ],
    { image, uuid: '00000000-0000-4000-8000-000000000000', seconds: 1_700_000_000 },
  );
  const at = join(folder, 'mnt');
  await mkdir(at);
  asRoot('mount', '-t', 'erofs', '-o', 'loop,ro', image, at);
  try {
    expect(asRoot('getcap', join(at, 'bin/ping'))).toMatch(/cap_net_raw[=+]e?p/);
    expect(asRoot('getcap', join(at, 'bin/su'))).toBe('');
    expect(asRoot('stat', '-c', '%a %u %g %Y', join(at, 'bin/su')).trim()).toBe('4711 7 8 1700000000');
  } finally {
    asRoot('umount', at);
  }
});
