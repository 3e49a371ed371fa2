import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { AGENT_RUNTIMES } from '@slipway/protocol';
import { startSubject, type Subject } from './subjects.ts';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);
const sha256 = (bytes: Uint8Array | string): string =>
  `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

describe.each(AGENT_RUNTIMES)('files on %s', (runtime) => {
  let ground: string;
  let subject: Subject;
  let folder: string;
  const path = (name: string): string => join(folder, name);

  beforeAll(async () => {
    ground = await mkdtemp(join(tmpdir(), 'slipway-files-'));
    subject = await startSubject(runtime, ground);
  });
  afterAll(async () => {
    await subject.stop();
    await rm(ground, { recursive: true, force: true });
  });
  beforeEach(async () => {
    folder = await mkdtemp(join(ground, 'case-'));
  });

  test('a file is read whole, of any size', async () => {
    for (const length of [0, 1, 65_536, 70_000]) {
      const bytes = new Uint8Array(randomBytes(length));
      await writeFile(path('file'), bytes);
      expect(Buffer.compare((await subject.calls.read(path('file'))) ?? new Uint8Array(1), bytes)).toBe(0);
    }
  });

  test('files of the kernel, which have no size, are read', async () => {
    expect(textOf(await subject.calls.read('/proc/self/status'))).toMatch(/^Name:\t/);
  });

  test('what is missing is no error', async () => {
    expect(await subject.calls.read(path('none'))).toBeUndefined();
    expect(await subject.calls.read(path('none/below'))).toBeUndefined();
    expect(await subject.calls.size(path('none'))).toBeUndefined();
    expect(await subject.calls.list(path('none'))).toEqual([]);
    await subject.calls.remove(path('none'));
    await subject.calls.remove(path('none/below'));
  });

  test('what cannot be done is an error that names the file', async () => {
    await expect(subject.calls.read(folder)).rejects.toThrow('directory');
    await writeFile(path('file'), '');
    await expect(subject.calls.replace(path('file/below'), 'x')).rejects.toThrow(path('file'));
    await expect(subject.calls.readAt(path('none'), 0, 1)).rejects.toThrow(path('none'));
    await expect(subject.calls.rename(path('none'), path('to'))).rejects.toThrow(path('none'));
  });

  test('replacing makes folders, keeps to the mode and leaves nothing beside it', async () => {
    await subject.calls.replace(path('deep/er/file'), 'täxt', 0o600);
    expect(await readFile(path('deep/er/file'), 'utf8')).toBe('täxt');
    expect((await stat(path('deep/er/file'))).mode & 0o777).toBe(0o600);
    await subject.calls.replace(path('deep/er/file'), bytesOf('shorter'));
    expect(await readFile(path('deep/er/file'), 'utf8')).toBe('shorter');
    expect(await subject.calls.list(path('deep/er'))).toEqual(['file']);
  });

  test('whoever reads a file while it is replaced sees the old or the new', async () => {
    const [old, next] = ['a'.repeat(5000), 'b'.repeat(9000)];
    await subject.calls.replace(path('file'), old);
    const seen = new Set<string>();
    const readOften = async (): Promise<void> => {
      for (let reads = 0; reads < 30; reads++) seen.add(await readFile(path('file'), 'utf8'));
    };
    for (let round = 0; round < 20; round++) {
      await Promise.all([readOften(), subject.calls.replace(path('file'), round % 2 === 0 ? next : old)]);
    }
    for (const text of seen) expect([old, next]).toContain(text);
  });

  test('a temporary file that a cut has left is no hindrance', async () => {
    await writeFile(path('file.tmp'), 'longer than what comes now');
    await subject.calls.replace(path('file'), 'now');
    expect(await readFile(path('file'), 'utf8')).toBe('now');
  });

  test('a file is poked as it is', async () => {
    await subject.calls.poke(path('file'), '1');
    const { ino } = await stat(path('file'));
    await subject.calls.poke(path('file'), bytesOf('22'));
    expect(await readFile(path('file'), 'utf8')).toBe('22');
    expect((await stat(path('file'))).ino).toBe(ino);
  });

  test('a pipe that nobody reads, or that is full, is an error and no wait', async () => {
    execFileSync('mkfifo', [path('pipe')]);
    await expect(subject.calls.poke(path('pipe'), '.')).rejects.toThrow(/ENXIO|No such device/);
    const reader = openSync(path('pipe'), constants.O_RDWR | constants.O_NONBLOCK);
    try {
      await subject.calls.poke(path('pipe'), '.');
      const byte = Buffer.alloc(2);
      expect(readSync(reader, byte)).toBe(1);
      expect(byte.toString('latin1')).toBe('.\0');
      writeSync(reader, Buffer.alloc(65_536));
      await expect(subject.calls.poke(path('pipe'), '.')).rejects.toThrow(/EAGAIN|temporarily unavailable/);
    } finally {
      closeSync(reader);
    }
  });

  test('a pipe in place of a file is not waited for', async () => {
    execFileSync('mkfifo', [path('pipe')]);
    expect(await subject.calls.read(path('pipe'))).toHaveLength(0);
    await expect(subject.calls.readAt(path('pipe'), 0, 1)).rejects.toThrow(/ESPIPE|Illegal seek/);
  });

  test('a closed file is closed, whatever is open in its place', async () => {
    await writeFile(path('closed'), 'closed');
    await writeFile(path('other'), 'other');
    expect(await subject.calls.useClosed(path('closed'), path('other'))).toEqual([true, true, true, true]);
    expect(await readFile(path('closed'), 'utf8')).toBe('closed');
    expect(await readFile(path('other'), 'utf8')).toBe('!ther');
  });

  test('files are listed, renamed, removed', async () => {
    await mkdir(path('folder'));
    for (const name of ['b', 'a', 'ü']) await writeFile(path(name), name);
    expect([...(await subject.calls.list(folder))].sort()).toEqual(['a', 'b', 'folder', 'ü']);
    await subject.calls.rename(path('a'), path('b'));
    expect(await readFile(path('b'), 'utf8')).toBe('a');
    await subject.calls.remove(path('b'));
    expect([...(await subject.calls.list(folder))].sort()).toEqual(['folder', 'ü']);
  });

  test('a folder is made with those above it, once and again', async () => {
    await subject.calls.makeDirectory(path('a/b/c'));
    await subject.calls.makeDirectory(path('a/b/c'));
    expect((await stat(path('a/b/c'))).isDirectory()).toBe(true);
    await writeFile(path('file'), '');
    await expect(subject.calls.makeDirectory(path('file'))).rejects.toThrow(path('file'));
  });

  test('bytes are written in place, beyond the end, and cut', async () => {
    await subject.calls.writeAt(path('file'), 0, bytesOf('0123456789'));
    await subject.calls.writeAt(path('file'), 3, bytesOf('abc'));
    expect(await readFile(path('file'), 'utf8')).toBe('012abc6789');
    expect(textOf(await subject.calls.readAt(path('file'), 8, 100))).toBe('89');
    expect(await subject.calls.readAt(path('file'), 100, 5)).toHaveLength(0);
    await subject.calls.writeAt(path('file'), 12, bytesOf('x'), 20);
    expect(await readFile(path('file'))).toEqual(Buffer.from('012abc6789\0\0x\0\0\0\0\0\0\0'));
    await subject.calls.writeAt(path('file'), 0, bytesOf('!'), 2);
    expect(await readFile(path('file'), 'utf8')).toBe('!1');
  });

  test('offsets beyond 4 GiB are offsets', async () => {
    const offset = 5 * 2 ** 30 + 123;
    await subject.calls.writeAt(path('sparse'), offset, bytesOf('far away'), 6 * 2 ** 30);
    expect(await subject.calls.size(path('sparse'))).toBe(6 * 2 ** 30);
    expect(textOf(await subject.calls.readAt(path('sparse'), offset + 4, 4))).toBe('away');
    expect(await subject.calls.readAt(path('sparse'), offset % 2 ** 32, 8)).toHaveLength(8);
    expect(await subject.calls.digestRange(path('sparse'), offset, 8)).toBe(sha256('far away'));
  });

  test('what is free is what the file system says', async () => {
    const { bavail, bsize, blocks } = await statfs(folder);
    const free = await subject.calls.free(folder);
    expect(Math.abs(free - bavail * bsize)).toBeLessThan(0.05 * blocks * bsize);
    await expect(subject.calls.free(path('none'))).rejects.toThrow('none');
  });

  test('digests of bytes', async () => {
    expect(await subject.calls.digest(new Uint8Array())).toBe(sha256(''));
    expect(await subject.calls.digest(bytesOf('abc'))).toBe(sha256('abc'));
    expect(await subject.calls.digestZeros(3_000_000)).toBe(sha256(new Uint8Array(3_000_000)));
  });

  test('digests of ranges of files', async () => {
    const bytes = new Uint8Array(randomBytes(700_000));
    await writeFile(path('=odd name'), bytes);
    const ranges = [[0, 700_000], [0, 0], [1, 262_144], [123_457, 1], [699_999, 1]] as const; // prettier-ignore
    for (const [offset, length] of ranges) {
      expect(await subject.calls.digestRange(path('=odd name'), offset, length)).toBe(
        sha256(bytes.subarray(offset, offset + length)),
      );
    }
    expect(await subject.calls.digestRange(path('=odd name'), 600_000, 999_999)).toBe(
      sha256(bytes.subarray(600_000)),
    );
    expect(await subject.calls.digestRange(path('=odd name'), 800_000, 5)).toBe(sha256(''));
    await expect(subject.calls.digestRange(path('none'), 0, 1)).rejects.toThrow('none');
  });
});
