/**
 * One look at a thing at a time; each begins after the one before, so that what moves it sees what that one did.
 *
 * @param lookOnce may throw: `onError` is told
 */
export const oneLookAtATime = <Id extends string>(
  lookOnce: (id: Id) => Promise<void>,
  onError: (id: Id, error: unknown) => void,
): { readonly look: (id: Id) => Promise<void>; readonly settled: () => Promise<void> } => {
  const looking = new Map<Id, Promise<void>>();
  return {
    look: (id) => {
      const last = looking.get(id) ?? Promise.resolve();
      const next = last
        .then(() => lookOnce(id))
        .catch((error: unknown) => onError(id, error))
        .finally(() => {
          if (looking.get(id) === next) looking.delete(id);
        });
      looking.set(id, next);
      return next;
    },
    settled: async () => void (await Promise.all(looking.values())),
  };
};
