/**
 * JSON with one text for each value, as RFC 8785 has it: keys in the order of their UTF-16 units, no spaces. What has no
 * place in JSON (`undefined`, functions) is left out, as `JSON.stringify` does.
 */
export const canonicalJson = (value: unknown): string => {
  const plain: unknown = JSON.parse(JSON.stringify(value) ?? 'null');
  return write(plain);
};

const write = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(write).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${write(member)}`).join(',')}}`;
};
