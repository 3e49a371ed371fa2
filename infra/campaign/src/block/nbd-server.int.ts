import { mkdtemp, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { NbdStream } from './nbd-stream.ts';
import { serveNbd, type NbdServer } from './nbd-server.ts';
import { OverlayDisk, type Disk } from './overlay-disk.ts';

const SIZE = 64 * 1024;
const blank: Disk = { size: SIZE, read: (_, length) => Buffer.alloc(length) };
let folder: string;
let server: NbdServer;
let socket: Socket;
let stream: NbdStream;
let order: string[];
let faults: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-nbd-test-'));
  order = [];
  faults = [];
  const exported = (name: string) => {
    const disk = new OverlayDisk(blank);
    return {
      size: SIZE,
      read: (offset: number, length: number) => disk.read(offset, length),
      write: (offset: number, bytes: Buffer, fua: boolean) => {
        order.push(`${name} write ${offset} ${bytes.length}${fua ? ' fua' : ''}`);
        disk.write(offset, bytes);
      },
      flush: () => order.push(`${name} flush`),
    };
  };
  const path = join(folder, 'socket');
  server = await serveNbd(
    path,
    new Map([
      ['disk', exported('disk')],
      ['vars', exported('vars')],
    ]),
    (why) => faults.push(why),
  );
  socket = connect(path);
  stream = new NbdStream(socket);
});
afterEach(async () => {
  socket.destroy();
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

const number = (bits: 16 | 32, value: number): Buffer => {
  const bytes = Buffer.alloc(bits / 8);
  bytes.writeUIntBE(value, 0, bits / 8);
  return bytes;
};

/** The option GO of the fixed newstyle handshake. @returns type of the last reply, and the size that was told */
const go = async (name: string): Promise<{ readonly type: number; readonly size: number }> => {
  expect((await stream.take(18)).toString('latin1', 0, 16)).toBe('NBDMAGICIHAVEOPT');
  const data = Buffer.concat([number(32, name.length), Buffer.from(name), number(16, 0)]);
  socket.write(
    Buffer.concat([number(32, 3), Buffer.from('IHAVEOPT'), number(32, 7), number(32, data.length), data]),
  );
  let size = 0;
  for (;;) {
    const head = await stream.take(20);
    const payload = await stream.take(head.readUInt32BE(16));
    const type = head.readUInt32BE(12);
    if (type !== 3) return { type, size };
    size = Number(payload.readBigUInt64BE(2));
  }
};

/** @returns the error of the reply */
const ask = async (
  command: number,
  offset: number,
  length: number,
  bytes?: Buffer,
  flags = 0,
): Promise<number> => {
  const head = Buffer.alloc(28);
  head.writeUInt32BE(0x25609513, 0);
  head.writeUInt16BE(flags, 4);
  head.writeUInt16BE(command, 6);
  head.writeBigUInt64BE(42n, 8);
  head.writeBigUInt64BE(BigInt(offset), 16);
  head.writeUInt32BE(length, 24);
  socket.write(bytes === undefined ? head : Buffer.concat([head, bytes]));
  const reply = await stream.take(16);
  expect(reply.readUInt32BE(0)).toBe(0x67446698);
  expect(reply.readBigUInt64BE(8)).toBe(42n);
  return reply.readUInt32BE(4);
};

test('writes, zeroes and flushes arrive in their order, and what was written is read', async () => {
  expect(await go('disk')).toEqual({ type: 1, size: SIZE });
  expect(await ask(1, 512, 1024, Buffer.alloc(1024, 7))).toBe(0);
  expect(await ask(3, 0, 0)).toBe(0);
  expect(await ask(1, 4096, 512, Buffer.alloc(512, 8), 1)).toBe(0);
  expect(await ask(6, 1024, 512)).toBe(0);
  expect(await ask(4, 0, SIZE)).toBe(0);
  expect(await ask(0, 0, 4608)).toBe(0);
  const read = await stream.take(4608);
  expect([0, 512, 1024, 1536, 4096].map((at) => read[at])).toEqual([0, 7, 0, 0, 8]);
  expect(order).toEqual([
    'disk write 512 1024',
    'disk flush',
    'disk write 4096 512 fua',
    'disk write 1024 512',
  ]);
});

test('an export that is not there is refused', async () => {
  expect((await go('tape')).type).toBe(0x8000_0006);
});

test('a request beyond the end is answered with an error and changes nothing', async () => {
  await go('vars');
  expect(await ask(1, SIZE - 512, 1024, Buffer.alloc(1024, 1))).toBe(22);
  expect(await ask(9, 0, 512)).toBe(22);
  expect(await ask(3, 0, 0)).toBe(0);
  expect(order).toEqual(['vars flush']);
});

test('a client that speaks something else is hung up on', async () => {
  await go('disk');
  socket.write(Buffer.alloc(28, 1));
  await expect(stream.take(1)).rejects.toThrow('the connection ended');
  expect(faults).toEqual(['a request without its magic number']);
});
