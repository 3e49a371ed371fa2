import { MAX_OUTPUT_BYTES } from '../port.ts';
import { readPipe } from './descriptors.ts';
import { join } from './join.ts';

export type Collected = {
  /** the program has closed it, or `stop` was called */
  readonly ended: Promise<void>;
  readonly stop: () => void;
  /** what has come so far */
  readonly text: () => string;
};

/** Keeps the first bytes of an output; what comes after them is read and dropped. */
export const collect = (fd: number): Collected => {
  const parts: Uint8Array[] = [];
  let size = 0;
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const finish = (): void => {
    resolve(undefined);
  };
  const stop = readPipe(
    fd,
    (bytes) => {
      const part = bytes.subarray(0, MAX_OUTPUT_BYTES - size);
      size += part.length;
      if (part.length > 0) parts.push(part);
    },
    finish,
  );
  return {
    ended: promise,
    stop: () => {
      stop();
      finish();
    },
    text: () => new TextDecoder().decode(join(parts, size)),
  };
};
