/** Rows under headings, columns as wide as they need; the last one is cut at the edge of a terminal. */
export const table = (
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  columns?: number,
): string => {
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string => {
    const text = cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
    return columns !== undefined && text.length > columns ? `${text.slice(0, columns - 1)}…` : text;
  };
  return [line(headings.map((heading) => heading.toUpperCase())), ...rows.map(line)].join('\n');
};

/** A table under a title; nothing where there are no rows. */
export const titled = (
  title: string,
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  columns?: number,
): string[] => (rows.length === 0 ? [] : [`${title}\n${table(headings, rows, columns)}`]);

export const list = (items: readonly string[]): string => (items.length === 0 ? '-' : items.join(', '));

/** Names and values below one another; what is null or undefined is left out. */
export const facts = (
  entries: Readonly<Record<string, string | number | boolean | null | undefined>>,
): string => {
  const known = Object.entries(entries).filter(([, value]) => value !== null && value !== undefined);
  const width = Math.max(...known.map(([name]) => name.length));
  return known.map(([name, value]) => `${name.padEnd(width)}  ${String(value)}`).join('\n');
};

/** Bytes as people read them. */
export const size = (bytes: number): string => {
  if (bytes < 1024) return `${bytes} B`;
  const power = Math.min(4, Math.floor(Math.log2(bytes) / 10));
  return `${(bytes / 1024 ** power).toFixed(1)} ${['B', 'KiB', 'MiB', 'GiB', 'TiB'][power]}`;
};

/** `2026-01-31 12:34:56`, in UTC. */
export const time = (iso: string | null): string => (iso === null ? '-' : iso.slice(0, 19).replace('T', ' '));
