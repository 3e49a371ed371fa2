import { createServer, type Socket } from 'node:net';
import { messageOf } from '@slipway/protocol';
import { NbdStream } from './nbd-stream.ts';

/** What one export of the server does. A call is answered to the client after it returned. */
export type Export = {
  readonly size: number;
  readonly read: (offset: number, length: number) => Buffer;
  readonly write: (offset: number, bytes: Buffer, fua: boolean) => void;
  readonly flush: () => void;
};

/** @see https://github.com/NetworkBlockDevice/nbd/blob/master/doc/proto.md */
const MAGIC = {
  init: 0x4e42444d41474943n,
  option: 0x49484156454f5054n,
  optionReply: 0x3e889045565a9n,
} as const;
const REQUEST_MAGIC = 0x25609513;
const REPLY_MAGIC = 0x67446698;
const OPTION = { exportName: 1, abort: 2, info: 6, go: 7 } as const;
const REPLY = { ack: 1, info: 3, unsupported: 0x8000_0001, unknown: 0x8000_0006 } as const;
const COMMAND = { read: 0, write: 1, disconnect: 2, flush: 3, trim: 4, zeroes: 6 } as const;
const FUA = 1;
const EINVAL = 22;
/** fixed newstyle, and no 124 zero bytes after the old option */
const HANDSHAKE_FLAGS = 3;
/** has flags, flush, FUA, trim, write zeroes */
const TRANSMISSION_FLAGS = 1 | 4 | 8 | 32 | 64;
const MAX_REQUEST_BYTES = 64 * 1024 * 1024;

type Exports = ReadonlyMap<string, Export>;

const bigEndian = (...fields: readonly (readonly [bits: 16 | 32 | 64, value: number | bigint])[]): Buffer => {
  const bytes = Buffer.alloc(fields.reduce((sum, [bits]) => sum + bits / 8, 0));
  let at = 0;
  for (const [bits, value] of fields) {
    if (bits === 64) bytes.writeBigUInt64BE(BigInt(value), at);
    else bytes.writeUIntBE(Number(value), at, bits / 8);
    at += bits / 8;
  }
  return bytes;
};

/** @returns the export that the client chose; undefined where it went away */
const handshake = async (
  socket: Socket,
  stream: NbdStream,
  exports: Exports,
): Promise<Export | undefined> => {
  socket.write(bigEndian([64, MAGIC.init], [64, MAGIC.option], [16, HANDSHAKE_FLAGS]));
  await stream.take(4);
  for (;;) {
    const head = await stream.take(16);
    if (head.readBigUInt64BE(0) !== MAGIC.option) throw new Error('an option without its magic number');
    const option = head.readUInt32BE(8);
    const data = await stream.take(head.readUInt32BE(12));
    const reply = (type: number, payload: Buffer = Buffer.alloc(0)): void => {
      socket.write(bigEndian([64, MAGIC.optionReply], [32, option], [32, type], [32, payload.length]));
      socket.write(payload);
    };
    if (option === OPTION.abort) {
      reply(REPLY.ack);
      return undefined;
    }
    if (option === OPTION.exportName) {
      const found = exports.get(data.toString());
      if (found === undefined) return undefined;
      socket.write(bigEndian([64, found.size], [16, TRANSMISSION_FLAGS]));
      return found;
    }
    if (option !== OPTION.info && option !== OPTION.go) {
      reply(REPLY.unsupported);
      continue;
    }
    const found = exports.get(data.toString('utf8', 4, 4 + data.readUInt32BE(0)));
    if (found === undefined) {
      reply(REPLY.unknown);
      continue;
    }
    reply(REPLY.info, bigEndian([16, 0], [64, found.size], [16, TRANSMISSION_FLAGS]));
    reply(REPLY.ack);
    if (option === OPTION.go) return found;
  }
};

const transmit = async (socket: Socket, stream: NbdStream, chosen: Export): Promise<void> => {
  for (;;) {
    const head = await stream.take(28);
    if (head.readUInt32BE(0) !== REQUEST_MAGIC) throw new Error('a request without its magic number');
    const isFua = (head.readUInt16BE(4) & FUA) !== 0;
    const command = head.readUInt16BE(6);
    const offset = Number(head.readBigUInt64BE(16));
    const length = head.readUInt32BE(24);
    const answer = (error: number, payload?: Buffer): void => {
      socket.write(bigEndian([32, REPLY_MAGIC], [32, error], [64, head.readBigUInt64BE(8)]));
      if (payload !== undefined) socket.write(payload);
    };
    if (command === COMMAND.disconnect) return;
    const payload = command === COMMAND.write ? await stream.take(length) : undefined;
    if (length > MAX_REQUEST_BYTES || offset + length > chosen.size) {
      answer(EINVAL);
      continue;
    }
    if (command === COMMAND.read) {
      answer(0, chosen.read(offset, length));
      continue;
    }
    if (payload !== undefined) chosen.write(offset, payload, isFua);
    else if (command === COMMAND.zeroes) chosen.write(offset, Buffer.alloc(length), isFua);
    else if (command === COMMAND.flush) chosen.flush();
    // What is trimmed may stay as it is.
    else if (command !== COMMAND.trim) {
      answer(EINVAL);
      continue;
    }
    answer(0);
  }
};

export type NbdServer = {
  /** what QEMU takes as the file of a drive */
  readonly uri: (name: string) => string;
  readonly close: () => Promise<void>;
};

/**
 * Serves block devices over NBD on a Unix socket: fixed newstyle handshake, simple replies. Requests of all connections
 * are carried out one after the other, in the order in which they came, so that writes to several exports have one
 * order.
 *
 * @param onError a client that does not keep to the protocol, or an export that throws
 */
export const serveNbd = async (
  socketPath: string,
  exports: Exports,
  onError: (why: string) => void,
): Promise<NbdServer> => {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    // QEMU that is killed breaks its connections; the stream ends all the same.
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    const stream = new NbdStream(socket);
    const converse = async (): Promise<void> => {
      const chosen = await handshake(socket, stream, exports);
      if (chosen !== undefined) await transmit(socket, stream, chosen);
    };
    converse()
      .catch((error: unknown) => {
        if (!stream.isEnded()) onError(messageOf(error));
      })
      .finally(() => socket.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(socketPath, resolve);
  });
  return {
    uri: (name) => `nbd+unix:///${name}?socket=${socketPath}`,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((done) => {
        server.close(done);
      });
    },
  };
};
