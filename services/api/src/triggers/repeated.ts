/** One at a time; asked for while it works, it works once more. */
export const repeated = (work: () => Promise<void>, onError: (error: unknown) => void) => {
  let busy: Promise<void> | undefined;
  let again = false;
  const begin = (): void => {
    if (busy !== undefined) {
      again = true;
      return;
    }
    busy = work()
      .catch(onError)
      .then(() => {
        busy = undefined;
        if (!again) return;
        again = false;
        begin();
      });
  };
  return { begin, ended: async () => busy };
};
