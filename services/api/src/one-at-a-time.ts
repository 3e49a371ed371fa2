/** Work on the same thing is done one after the other, in the order in which it was asked for. */
export const oneAtATime = () => {
  const busy = new Map<string, Promise<void>>();
  return <T>(thing: string, work: () => Promise<T>): Promise<T> => {
    const next = (busy.get(thing) ?? Promise.resolve()).then(work);
    const ended = next.then(
      () => undefined,
      () => undefined,
    );
    busy.set(thing, ended);
    void ended.then(() => {
      if (busy.get(thing) === ended) busy.delete(thing);
    });
    return next;
  };
};
