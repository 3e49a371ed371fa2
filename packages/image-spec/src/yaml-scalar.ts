/** Within them, `_` may stand between digits. */
const NUMBERS: readonly RegExp[] = [
  /^[-+]?(?:0x[0-9a-f]+|0o?[0-7]+|0b[01]+|[0-9]+)$/i,
  /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:e[-+]?[0-9]+)?$/i,
];

/** What else YAML, of whichever version, would take for something other than a text. */
const NOT_TEXT: readonly RegExp[] = [
  /^(?:|~|null|true|false|y|n|yes|no|on|off|[-+]?\.inf|\.nan)$/i,
  // numbers to the base 60, as YAML 1.1 has them
  /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/,
  /^\d{4}-\d{1,2}-\d{1,2}(?:[Tt ]\d{1,2}:\d{1,2}:\d{1,2}(?:\.\d*)?(?:Z|[-+]\d\d:\d\d)?)?$/,
];

const isText = (text: string): boolean => {
  const joined = /^[-+.\d]/.test(text) ? text.replaceAll('_', '') : text;
  return (
    NOT_TEXT.every((pattern) => !pattern.test(text)) && NUMBERS.every((pattern) => !pattern.test(joined))
  );
};

/** Characters that only an escape can write: controls, marks of byte order, separators of lines, and beyond 16 bits. */
const NEEDS_ESCAPE = /[^\n\t\x20-\x7e\u00a0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd]/u;

const ESCAPES: Readonly<Record<string, string>> = {
  '\0': '\\0',
  '\x07': '\\a',
  '\b': '\\b',
  '\t': '\\t',
  '\n': '\\n',
  '\v': '\\v',
  '\f': '\\f',
  '\r': '\\r',
  '\x1b': '\\e',
  '"': '\\"',
  '\\': '\\\\',
  '\x85': '\\N',
  '\u2028': '\\L',
  '\u2029': '\\P',
};

const hex = (character: string): string => {
  const code = character.codePointAt(0) ?? 0;
  const digits = code.toString(16).toUpperCase();
  if (code <= 0xff) return `\\x${digits.padStart(2, '0')}`;
  return code <= 0xffff ? `\\u${digits.padStart(4, '0')}` : `\\U${digits.padStart(8, '0')}`;
};

const doubleQuoted = (text: string): string =>
  `"${Array.from(text, (character) => ESCAPES[character] ?? (NEEDS_ESCAPE.test(character) ? hex(character) : character)).join('')}"`;

const isPlain = (text: string): boolean =>
  !/^(?:---|\.\.\.)|^[#,[\]{}&*!|>'"%@`]|^[-?:](?:[ \t]|$)|:(?:[ \t]|$)|[ \t]#|^ | $/.test(text);

/** As many lines as the text has, each indented; what begins with a blank could be mistaken for indentation. */
const isBlock = (text: string): boolean =>
  text.includes('\n') && !/^[\n ]| $| \n/.test(text) && !NEEDS_ESCAPE.test(text);

const block = (text: string, indent: string): string => {
  const chomp = text.endsWith('\n\n') ? '+' : text.endsWith('\n') ? '' : '-';
  const lines = text.replace(/\n$/, '').split('\n');
  return `|${chomp}\n${lines.map((line) => (line === '' ? '' : indent + line)).join('\n')}`;
};

/** A text in quotes, if it needs any. */
export const yamlWord = (text: string): string => {
  if (/[\n\t]/.test(text) || NEEDS_ESCAPE.test(text) || !isText(text)) return doubleQuoted(text);
  return isPlain(text) ? text : `'${text.replaceAll("'", "''")}'`;
};

/** A text as a key; the one that merges mappings must not. */
export const yamlKey = (text: string): string =>
  text === '<<' || text.includes('\n') ? doubleQuoted(text) : yamlWord(text);

/** A text as the value of a key or an entry of a list: several lines are written as such. */
export const yamlText = (text: string, indent: string): string =>
  isBlock(text) ? block(text, indent) : yamlWord(text);
