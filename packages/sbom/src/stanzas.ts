/** Fields by name in lower case. */
export type Stanza = ReadonlyMap<string, string>;

/** deb822: `Field: value`, lines that continue it by a leading blank, comments; stanzas apart by empty lines. */
export function* parseStanzas(text: string): Generator<Stanza> {
  let current = new Map<string, string>();
  let field: string | undefined;
  for (const raw of text.split('\n')) {
    const line = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
    if (line.startsWith('#')) continue;
    if (line.trim() === '') {
      if (current.size > 0) yield current;
      current = new Map();
      field = undefined;
    } else if (line.startsWith(' ') || line.startsWith('\t')) {
      if (field !== undefined) current.set(field, `${current.get(field) ?? ''}\n${line.slice(1)}`);
    } else {
      const colon = line.indexOf(':');
      field = colon > 0 ? line.slice(0, colon).trim().toLowerCase() : undefined;
      if (field !== undefined) current.set(field, line.slice(colon + 1).trim());
    }
  }
  if (current.size > 0) yield current;
}
