/** Devices of one answer: what is scrolled over is asked for in parts of this size. */
export const WINDOW = 100;

/** Numbers of the parts that rows from `first` to `last` are in, with the one that comes next in either direction. */
export const windowsOf = (first: number, last: number, total: number): number[] => {
  if (total <= 0) return [];
  const end = Math.floor((total - 1) / WINDOW);
  const from = Math.max(0, Math.floor(Math.min(first, total - 1) / WINDOW));
  const to = Math.min(end, Math.max(from, Math.floor(last / WINDOW)));
  // Rows near the edge of a part: the neighbour is seen next.
  const before = first % WINDOW < WINDOW / 4 ? 1 : 0;
  const after = last % WINDOW > (WINDOW * 3) / 4 ? 1 : 0;
  const begin = Math.max(0, from - before);
  return Array.from({ length: Math.min(end, to + after) - begin + 1 }, (_, at) => begin + at);
};
