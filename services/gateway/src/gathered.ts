/**
 * Questions for one thing each, asked of the database for many at once: those that come while it answers wait for the
 * next turn. What an answer says was so after its question came.
 *
 * @param ask gives what there is; a key without an answer has none
 */
export const gathered = <Key, Value>(
  ask: (keys: readonly Key[]) => Promise<ReadonlyMap<Key, Value>>,
  maxKeys: number,
): ((key: Key) => Promise<Value | undefined>) => {
  type Question = {
    readonly key: Key;
    readonly resolve: (value: Value | undefined) => void;
    readonly reject: (error: unknown) => void;
  };
  let questions: Question[] = [];
  let isAsking = false;

  const turn = async (): Promise<void> => {
    isAsking = true;
    // All that come in this turn of the event loop.
    await new Promise((resolve) => setImmediate(resolve));
    while (questions.length > 0) {
      const batch = questions.slice(0, maxKeys);
      questions = questions.slice(maxKeys);
      try {
        const answers = await ask([...new Set(batch.map(({ key }) => key))]);
        for (const { key, resolve } of batch) resolve(answers.get(key));
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    isAsking = false;
  };
  return (key) =>
    new Promise((resolve, reject) => {
      questions.push({ key, resolve, reject });
      if (!isAsking) void turn();
    });
};
