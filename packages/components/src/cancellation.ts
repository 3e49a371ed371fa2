import { AsyncLocalStorage } from 'node:async_hooks';

const current = new AsyncLocalStorage<AbortSignal>();

/** Runs work whose programs are killed when the signal aborts, however deep in it they are started. */
export const withCancellation = <T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> =>
  current.run(signal, work);

/** Of the work that is under way here; absent: nobody can cancel it. */
export const cancellationSignal = (): AbortSignal | undefined => current.getStore();
