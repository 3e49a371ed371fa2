import { connect, createServer, type Server } from 'node:net';
import { mkdir, stat } from 'node:fs/promises';
import { SlipwayError } from '@slipway/protocol';

/** Holds until released, or until the process ends in whatever way. */
export type DirectoryLock = { readonly release: () => Promise<void> };

/**
 * Takes a directory for this process alone.
 *
 * The lock is a Unix socket with an abstract name made of device and inode number: the kernel lets one process bind
 * it and frees it when that process dies, so there is no stale lock to take over and no file to race for. Who connects
 * is told the process id of the holder.
 *
 * @throws {SlipwayError} DATABASE_LOCKED
 */
export const lockDirectory = async (directory: string): Promise<DirectoryLock> => {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const { dev, ino } = await stat(directory);
  const path = `\0slipway-lock-${dev}-${ino}`;
  const server = createServer((socket) => socket.on('error', () => socket.destroy()).end(`${process.pid}`));
  if (!(await bind(server, path))) {
    const holder = await askHolder(path);
    throw new SlipwayError(
      'DATABASE_LOCKED',
      `${directory} is open in process ${holder ?? 'unknown'}; it takes one process only. ` +
        'Stop that process, or set DATABASE_URL to a PostgreSQL server.',
      { details: { directory, pid: holder ?? null } },
    );
  }
  server.unref();
  return {
    release: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
};

/** @returns false where another socket has the name */
const bind = (server: Server, path: string): Promise<boolean> =>
  new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(false) : reject(error),
    );
    server.listen({ path }, () => resolve(true));
  });

const askHolder = (path: string): Promise<number | undefined> =>
  new Promise((resolve) => {
    let text = '';
    const socket = connect({ path });
    socket.setTimeout(2000, () => socket.destroy());
    socket.on('data', (chunk) => (text += chunk.toString()));
    socket.on('error', () => resolve(undefined));
    socket.on('close', () => resolve(/^\d+$/.test(text) ? Number(text) : undefined));
  });
