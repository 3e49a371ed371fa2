/**
 * Works on items, several at a time. After a failure no further item is begun, and what is under way is awaited before
 * the failure goes up: when this returns, nothing is still writing.
 *
 * @param limit items at a time
 * @returns results in the order of the items
 * @throws what the first work that failed has thrown
 */
export const sideBySide = async <T, R>(
  items: Iterable<T>,
  limit: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> => {
  const results: R[] = [];
  const failures: unknown[] = [];
  const queue = [...items].entries();
  const worker = async (): Promise<void> => {
    for (const [index, item] of queue) {
      if (failures.length > 0) return;
      try {
        results[index] = await work(item);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: limit }, worker));
  if (failures.length > 0) throw failures[0];
  return results;
};
