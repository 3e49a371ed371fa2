import { check, O_CLOEXEC, os } from './machine.ts';

const scratch = new Uint8Array(64);

/** The beginning of a file of the kernel. */
const peek = (path: string, length: number): Uint8Array => {
  const fd = check(os.open(path, os.O_RDONLY | O_CLOEXEC), path);
  const count = os.read(fd, scratch.buffer, 0, Math.min(length, scratch.length));
  os.close(fd);
  return scratch.subarray(0, check(count, path));
};

/** seconds since the kernel started; the clock of QuickJS stands still while the machine sleeps */
export const uptime = (): number => Number.parseFloat(String.fromCharCode(...peek('/proc/uptime', 64)));

/** In [0, 1), from the kernel: QuickJS seeds with the time, which is the same on devices whose clock has lost its battery. */
export const random = (): number => {
  let value = 0;
  for (const byte of peek('/dev/urandom', 6)) value = (value + byte) / 256;
  return value;
};

export const sleep = async (ms: number, signal?: AbortSignal): Promise<void> => {
  if (signal?.aborted === true) return;
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const wake = (): void => {
    resolve(undefined);
  };
  const timer = os.setTimeout(wake, ms);
  signal?.addEventListener('abort', wake, { once: true });
  await promise;
  os.clearTimeout(timer);
  signal?.removeEventListener('abort', wake);
};
