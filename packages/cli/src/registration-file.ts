import { RegistrationCreate, SlipwayError } from '@slipway/protocol';

/** Columns, besides `attr.NAME`. */
const COLUMNS = ['serial', 'key_sha256', 'device_id', 'class', 'name', 'tags'] as const;
const MAX_PROBLEMS = 20;

type Row = { readonly line: number; readonly cells: readonly string[] };

const refuse = (problems: readonly { readonly line: number; readonly message: string }[]): SlipwayError =>
  new SlipwayError(
    'IMPORT_INVALID',
    [
      ...problems.slice(0, MAX_PROBLEMS).map(({ line, message }) => `line ${line}: ${message}`),
      ...(problems.length > MAX_PROBLEMS ? [`and ${problems.length - MAX_PROBLEMS} more`] : []),
    ].join('\n'),
    { details: { lines: problems.slice(0, MAX_PROBLEMS), total: problems.length } },
  );

/** Rows of comma-separated values as RFC 4180 has them, with the line that each begins in; empty lines are left out. */
const rowsOf = (text: string): Row[] => {
  const rows: Row[] = [];
  let cells: string[] = [];
  let [line, begun, at] = [1, 1, 0];
  const content = text.replace(/^\u{feff}/u, '');
  const endRow = (): void => {
    if (cells.length > 1 || cells[0] !== '') rows.push({ line: begun, cells });
    cells = [];
    begun = line;
  };
  while (at < content.length) {
    let cell = '';
    if (content[at] === '"') {
      const quoted = /"((?:[^"]|"")*)"/y;
      quoted.lastIndex = at;
      const found = quoted.exec(content);
      if (found === null) throw refuse([{ line, message: 'a quote is not closed' }]);
      cell = (found[1] ?? '').replaceAll('""', '"');
      line += cell.split('\n').length - 1;
      at = quoted.lastIndex;
    } else {
      const plain = /[^,\r\n]*/y;
      plain.lastIndex = at;
      cell = plain.exec(content)?.[0] ?? '';
      at += cell.length;
    }
    cells.push(cell.trim());
    if (content[at] === ',') {
      at += 1;
      if (at < content.length) continue;
      cells.push('');
    }
    const end = /\r?\n|$/y;
    end.lastIndex = at;
    if (end.exec(content) === null)
      throw refuse([{ line, message: `expected a comma after ${JSON.stringify(cell)}` }]);
    at = end.lastIndex;
    line += 1;
    endRow();
  }
  return rows;
};

/** Without quotes a number is a number and true is a boolean, as in queries. */
const valueOf = (text: string): string | number | boolean => {
  if (text === 'true' || text === 'false') return text === 'true';
  return /^[+-]?\d+(?:\.\d+)?$/.test(text) ? Number(text) : text;
};

/**
 * A list of devices that are known before they come: a line of names, then a line for each device; tags are separated by
 * spaces.
 *
 * @throws {SlipwayError} IMPORT_INVALID, naming every line that is wrong
 */
export const parseRegistrations = (text: string): RegistrationCreate[] => {
  const [head, ...rows] = rowsOf(text);
  const names = head?.cells ?? [];
  const known = (name: string): boolean =>
    COLUMNS.some((column) => column === name) || name.startsWith('attr.');
  const unknown = names.filter((name) => !known(name));
  if (head === undefined || !names.includes('class') || unknown.length > 0)
    throw refuse([
      {
        line: head?.line ?? 1,
        message:
          `expected names of columns, class and others of ${COLUMNS.join(', ')}, attr.NAME` +
          (unknown.length === 0 ? '' : `; found ${unknown.join(', ')}`),
      },
    ]);
  const problems: { line: number; message: string }[] = [];
  const devices = rows.flatMap(({ line, cells }): RegistrationCreate[] => {
    if (cells.length !== names.length) {
      problems.push({ line, message: `expected ${names.length} values, found ${cells.length}` });
      return [];
    }
    const cell = new Map(names.map((name, at) => [name, cells[at] ?? '']));
    const text = (name: string, key: string) => {
      const value = cell.get(name) ?? '';
      return value === '' ? {} : { [key]: value };
    };
    const tags = (cell.get('tags') ?? '').split(/\s+/).filter((tag) => tag !== '');
    const attributes = [...cell].filter(([name, value]) => name.startsWith('attr.') && value !== '');
    const parsed = RegistrationCreate.safeParse({
      line,
      ...text('serial', 'serial'),
      ...text('key_sha256', 'keySha256'),
      ...text('device_id', 'deviceId'),
      ...text('class', 'deviceClass'),
      ...text('name', 'name'),
      ...(tags.length === 0 ? {} : { tags }),
      ...(attributes.length === 0
        ? {}
        : {
            attributes: Object.fromEntries(
              attributes.map(([name, value]) => [name.slice('attr.'.length), valueOf(value)]),
            ),
          }),
    });
    if (parsed.success) return [parsed.data];
    for (const { path, message } of parsed.error.issues)
      problems.push({ line, message: path.length === 0 ? message : `${path.join('.')}: ${message}` });
    return [];
  });
  if (problems.length > 0) throw refuse(problems);
  if (devices.length === 0)
    throw refuse([{ line: head.line, message: 'expected devices after it, found none' }]);
  return devices;
};
