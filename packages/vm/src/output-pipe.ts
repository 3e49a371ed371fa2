import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export type OutputPipe = {
  /** for a program's standard output; `started` closes it here */
  readonly writeEnd: number;
  readonly readable: Socket;
  /** The program has the other end: without this the pipe would never end. */
  readonly started: () => void;
};

/**
 * A pipe for the output of a program that writes single bytes and does not wait, as QEMU does for a serial port. What
 * `child_process` calls a pipe is a socket, which is full after 278 writes of a byte: while this process is busy the
 * guest's port then stands still, and what is in it at a reset is lost. A pipe holds 65,536 bytes however they come.
 */
export const outputPipe = (): OutputPipe => {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-pipe-'));
  try {
    const path = join(folder, 'pipe');
    execFileSync('mkfifo', ['-m', '600', path]);
    const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const writeEnd = openSync(path, constants.O_WRONLY);
    return {
      writeEnd,
      readable: new Socket({ fd, readable: true, writable: false }),
      started: () => {
        closeSync(writeEnd);
      },
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};
