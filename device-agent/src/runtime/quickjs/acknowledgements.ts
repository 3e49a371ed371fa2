type Waiting = { readonly resolve: () => void; readonly reject: (error: Error) => void };

const MAX_MESSAGE_ID = 0xffff;

/** Who waits for the answer to which packet, and who waits because the broker takes no more at once. */
export type Acknowledgements = {
  /** Waits for a place, sends by `send`, and resolves with the answer. */
  readonly ask: (send: (messageId: number) => Promise<void>) => Promise<void>;
  /** An answer has come. @param failure what it says, where it is none that was hoped for */
  readonly settle: (messageId: number | undefined, failure?: string) => void;
  /** @param places how many may be under way; the broker says so */
  readonly limit: (places: number) => void;
  readonly rejectAll: (error: Error) => void;
};

export const acknowledgements = (): Acknowledgements => {
  const asked = new Map<number, Waiting>();
  const held: Waiting[] = [];
  let places = MAX_MESSAGE_ID;
  let lastId = 0;

  const waiting = (): { readonly promise: Promise<void>; readonly waiting: Waiting } => {
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    const done = (): void => {
      resolve(undefined);
    };
    return { promise, waiting: { resolve: done, reject } };
  };
  const newId = (): number => {
    do lastId = (lastId % MAX_MESSAGE_ID) + 1;
    while (asked.has(lastId));
    return lastId;
  };

  return {
    ask: async (send) => {
      while (asked.size >= places) {
        const turn = waiting();
        held.push(turn.waiting);
        await turn.promise;
      }
      const id = newId();
      const answer = waiting();
      asked.set(id, answer.waiting);
      await Promise.all([answer.promise, send(id)]);
    },
    settle: (messageId, failure) => {
      const one = messageId === undefined ? undefined : asked.get(messageId);
      if (one === undefined || messageId === undefined) return;
      asked.delete(messageId);
      if (failure === undefined) one.resolve();
      else one.reject(new Error(failure));
      held.shift()?.resolve();
    },
    limit: (count) => {
      places = count;
    },
    rejectAll: (error) => {
      for (const one of [...asked.values(), ...held.splice(0)]) one.reject(error);
      asked.clear();
    },
  };
};
