/** @throws the reason of the signal, once it aborts */
export const pause = async (ms: number, signal: AbortSignal | undefined): Promise<void> => {
  const woken = Promise.withResolvers<void>();
  const timer = setTimeout(woken.resolve, ms);
  const wake = (): void => woken.resolve();
  signal?.addEventListener('abort', wake, { once: true });
  if (signal?.aborted !== true) await woken.promise;
  clearTimeout(timer);
  signal?.removeEventListener('abort', wake);
  signal?.throwIfAborted();
};
