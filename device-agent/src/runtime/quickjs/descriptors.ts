import { check, EAGAIN, EINTR, O_CLOEXEC, O_NONBLOCK, os, SystemError } from './machine.ts';

const READ_BYTES = 64 * 1024;
const scratch = new Uint8Array(READ_BYTES);

/**
 * Reads a pipe to its end as bytes come. After each read the turn goes to others: QuickJS calls the first handler that
 * is ready, and of a busy pipe it always is.
 *
 * @returns how to stop; closes the descriptor, and `onEnd` is not called
 */
export const readPipe = (
  fd: number,
  onBytes: (bytes: Uint8Array) => void,
  onEnd: () => void,
): (() => void) => {
  let isOpen = true;
  const stop = (): void => {
    if (!isOpen) return;
    isOpen = false;
    os.setReadHandler(fd, null);
    os.close(fd);
  };
  const onReadable = (): void => {
    const count = os.read(fd, scratch.buffer, 0, READ_BYTES);
    if (count === -EINTR || count === -EAGAIN) return;
    if (count <= 0) {
      stop();
      onEnd();
      return;
    }
    os.setReadHandler(fd, null);
    os.setReadHandler(fd, onReadable);
    onBytes(scratch.slice(0, count));
  };
  os.setReadHandler(fd, onReadable);
  return stop;
};

export type PipeWriter = {
  /** Resolves once the pipe has taken the bytes; rejects where its reader is gone. */
  readonly write: (bytes: Uint8Array) => Promise<void>;
  /** Closes it when everything was written. */
  readonly end: () => void;
  /** Closes it now. */
  readonly stop: () => void;
};

type Pending = {
  readonly bytes: Uint8Array;
  done: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
};

/**
 * Writes a pipe without ever waiting in a call: the descriptor is opened once more, as one that does not block.
 */
export const writePipe = (pipe: number): PipeWriter => {
  const fd = os.open(`/proc/self/fd/${pipe}`, os.O_WRONLY | O_NONBLOCK | O_CLOEXEC);
  os.close(pipe);
  check(fd, 'pipe');
  const queue: Pending[] = [];
  let isOpen = true;
  let isEnding = false;
  const stop = (): void => {
    if (!isOpen) return;
    isOpen = false;
    os.setWriteHandler(fd, null);
    os.close(fd);
    for (const { reject } of queue.splice(0)) reject(new Error('the pipe was closed'));
  };
  const fail = (error: SystemError): void => {
    for (const { reject } of queue.splice(0)) reject(error);
    stop();
  };
  const flush = (): void => {
    for (let first = queue[0]; first !== undefined; first = queue[0]) {
      const { bytes, done } = first;
      const count = os.write(fd, bytes.buffer, bytes.byteOffset + done, bytes.length - done);
      if (count === -EAGAIN || count === -EINTR) break;
      if (count < 0) {
        fail(new SystemError('write', -count));
        return;
      }
      first.done += count;
      if (first.done < bytes.length) break;
      queue.shift();
      first.resolve();
    }
    os.setWriteHandler(fd, null);
    if (queue.length > 0) os.setWriteHandler(fd, flush);
    else if (isEnding) stop();
  };
  return {
    write: async (bytes) => {
      if (!isOpen || isEnding) throw new Error('the pipe was closed');
      if (bytes.length === 0) return;
      const { promise, resolve, reject } = Promise.withResolvers<undefined>();
      queue.push({
        bytes,
        done: 0,
        resolve: () => {
          resolve(undefined);
        },
        reject,
      });
      if (queue.length === 1) flush();
      await promise;
    },
    end: () => {
      isEnding = true;
      if (isOpen && queue.length === 0) stop();
    },
    stop,
  };
};
