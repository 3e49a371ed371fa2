/** Makes the globals that `port.ts` promises to the code above it. Imported first, before anything that uses them. */
import { os } from '../machine.ts';
import { AbortController, AbortSignal } from './abort.ts';
import { atob, btoa } from './base64.ts';
import { TextDecoder, TextEncoder } from './text.ts';
import { URL } from './url.ts';

Object.assign(globalThis, {
  AbortController,
  AbortSignal,
  TextDecoder,
  TextEncoder,
  URL,
  atob,
  btoa,
  setTimeout: (handler: (...args: readonly unknown[]) => void, ms = 0, ...args: readonly unknown[]): number =>
    os.setTimeout(() => {
      handler(...args);
    }, ms),
  clearTimeout: (timer?: number): void => {
    if (timer !== undefined) os.clearTimeout(timer);
  },
  queueMicrotask: (work: () => void): void => {
    void Promise.resolve().then(work);
  },
});
