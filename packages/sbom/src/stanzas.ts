/** Fields by name in lower case. */
export type Stanza = ReadonlyMap<string, string>;

/** Characters of a field that are kept: those that anyone asks for here are short. */
const MAX_FIELD = 64 * 1024;

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
      const known = field === undefined ? undefined : current.get(field);
      if (field !== undefined && known !== undefined && known.length < MAX_FIELD)
        current.set(field, `${known}\n${line.slice(1)}`);
    } else {
      const colon = line.indexOf(':');
      field = colon > 0 ? line.slice(0, colon).trim().toLowerCase() : undefined;
      if (field !== undefined) current.set(field, line.slice(colon + 1).trim());
    }
  }
  if (current.size > 0) yield current;
}
