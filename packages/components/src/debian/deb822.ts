/** A stanza of a `.sources` file: field names in lower case. */
export type Stanza = ReadonlyMap<string, string>;

/** deb822: fields, continued lines, comments; stanzas apart by empty lines. */
export const parseStanzas = (text: string): Stanza[] => {
  const stanzas: Map<string, string>[] = [];
  let current: Map<string, string> | undefined;
  let field = '';
  for (const line of text.split('\n')) {
    if (line.startsWith('#')) continue;
    if (line.trim() === '') {
      current = undefined;
      continue;
    }
    if (current === undefined) {
      current = new Map();
      stanzas.push(current);
    }
    const colon = line.indexOf(':');
    if (/^\s/.test(line)) current.set(field, `${current.get(field) ?? ''}\n${line}`);
    else if (colon > 0) {
      field = line.slice(0, colon).trim().toLowerCase();
      current.set(field, line.slice(colon + 1).trim());
    }
  }
  return stanzas;
};

/** `deb [options] uri suite components…` as a stanza. */
export const parseOneLine = (line: string): Stanza | undefined => {
  const match = /^\s*deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s+([^#]+)/.exec(line);
  if (match === null) return undefined;
  const [, options = '', uri = '', suite = '', components = ''] = match;
  const stanza = new Map([
    ['types', 'deb'],
    ['uris', uri],
    ['suites', suite],
    ['components', components.trim()],
  ]);
  for (const option of options.split(/\s+/).filter((word) => word.includes('='))) {
    const [key = '', value = ''] = option.split('=');
    stanza.set(key.toLowerCase(), value);
  }
  return stanza;
};
