/** Where in a YAML text something is typed, as far as its lines tell while it is not whole. */
export type YamlPlace = {
  /** keys and, for items of lists, `-` from the outside in, without what is typed */
  readonly path: readonly string[];
  readonly what: 'key' | 'value';
  /** offset at which what is typed begins */
  readonly from: number;
  /** keys that the mapping has already */
  readonly siblings: readonly string[];
};

const KEY = /^(\s*)((?:- +)*)([\w.-]*)$/;
const VALUE = /^(\s*)((?:- +)*)([\w.-]+):[ ]+([^#\s]*)$/;
const ANY_KEY = /^(\s*)((?:- +)*)(['"]?)([\w.-]+)\3:(?:\s|$)/;

/** @returns undefined inside of texts, comments and flow collections */
export const placeAt = (text: string, offset: number): YamlPlace | undefined => {
  const lineStart = text.lastIndexOf('\n', offset - 1) + 1;
  const line = text.slice(lineStart, offset);
  const before = text.slice(0, Math.max(0, lineStart - 1)).split('\n');
  const above = lineStart === 0 ? [] : before;
  const value = VALUE.exec(line);
  if (value !== null) {
    const [, space = '', dashes = '', key = '', typed = ''] = value;
    return {
      path: [...pathAbove(above, space.length, dashes), key],
      what: 'value',
      from: offset - typed.length,
      siblings: [],
    };
  }
  const key = KEY.exec(line);
  if (key === null) return undefined;
  const [, space = '', dashes = '', typed = ''] = key;
  const indent = space.length + dashes.length;
  return {
    path: pathAbove(above, space.length, dashes),
    what: 'key',
    from: offset - typed.length,
    siblings: siblingsAt(text, lineStart, indent, dashes !== ''),
  };
};

/** Keys of the mappings that a line of that indentation is in. */
const pathAbove = (above: readonly string[], space: number, dashes: string): string[] => {
  const path: string[] =
    dashes === ''
      ? []
      : dashes
          .trim()
          .split(/\s+/)
          .map(() => '-');
  let indent = space;
  // A list may stand at the very indentation of the key that it belongs to.
  let mayEqual = dashes !== '';
  for (let at = above.length - 1; at >= 0; at--) {
    const found = /^(\s*)((?:- +)*)(.*)$/.exec(above[at] ?? '');
    const [, lead = '', items = '', rest = ''] = found ?? [];
    if (rest === '' || rest.startsWith('#')) continue;
    const key = ANY_KEY.exec(above[at] ?? '')?.[4];
    const own = lead.length + items.length;
    if (key !== undefined && (own < indent || (mayEqual && items === '' && own === indent))) {
      path.unshift(key);
      mayEqual = items !== '';
      indent = own;
    }
    if (items !== '' && lead.length < indent && own <= indent) {
      path.unshift(
        ...items
          .trim()
          .split(/\s+/)
          .map(() => '-'),
      );
      indent = lead.length;
      mayEqual = true;
    }
    if (indent === 0 && !mayEqual) break;
  }
  return path;
};

/** Keys at an indentation, around a line, as long as they belong to the same mapping. */
const siblingsAt = (text: string, lineStart: number, indent: number, isFirst: boolean): string[] => {
  const lines = text.split('\n');
  const own = text.slice(0, lineStart).split('\n').length - 1;
  const keys: string[] = [];
  const look = (from: number, by: 1 | -1): void => {
    for (let at = from; at >= 0 && at < lines.length; at += by) {
      const [, lead = '', items = '', rest = ''] = /^(\s*)((?:- +)*)(.*)$/.exec(lines[at] ?? '') ?? [];
      if (rest === '' || rest.startsWith('#')) continue;
      const column = lead.length + items.length;
      if (column < indent || (by === 1 && items !== '' && lead.length < indent)) return;
      const key = ANY_KEY.exec(lines[at] ?? '')?.[4];
      if (column === indent && key !== undefined) keys.push(key);
      if (by === -1 && items !== '' && lead.length < indent) return;
    }
  };
  if (!isFirst) look(own - 1, -1);
  look(own + 1, 1);
  return keys;
};
