import { Document, Scalar, visit } from 'yaml';
import type { Json } from './go-json.ts';

/** What Go writes in double quotes whatever else holds: control characters, and lines that end in a space. */
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const ONLY_DOUBLE = /[\0-\x09\x0b-\x1f\x7f-\x84\x86-\x9f\ufeff]| \n|\n.* $/u;

/** What cannot stand without quotes. */
const NEEDS_QUOTES = /^[\s,[\]{}#&*!|>'"%@`]|^[?-](?:\s|$)|^---|^\.\.\.|:(?:\s|$)|\s#|\s$/;

/** Words that YAML 1.1 takes for numbers, truth values, times or nothing, and numbers that Go alone knows. */
const { tags } = new Document(null, { version: '1.1' }).schema;
const isOtherType = (word: string): boolean =>
  word === '' ||
  /^[-+]?0o[0-7_]+$/.test(word) ||
  tags.some((tag) => tag.default !== false && 'test' in tag && tag.test?.test(word));

const styleOf = (text: string): Scalar.Type => {
  if (ONLY_DOUBLE.test(text)) return Scalar.QUOTE_DOUBLE;
  if (text.includes('\n')) return Scalar.BLOCK_LITERAL;
  if (isOtherType(text)) return Scalar.QUOTE_DOUBLE;
  return NEEDS_QUOTES.test(text) ? Scalar.QUOTE_SINGLE : Scalar.PLAIN;
};

/** YAML in the style of Go's `yaml.v2`, which LinuxKit writes: the quotes, the indentation and the width of lines. */
export const encodeGoYaml = (value: Json): string => {
  const document = new Document(value, { version: '1.1', aliasDuplicateObjects: false });
  visit(document, {
    Scalar(_, node) {
      if (typeof node.value === 'string') node.type = styleOf(node.value);
    },
  });
  return document.toString({
    indentSeq: false,
    minContentWidth: 0,
    doubleQuotedMinMultiLineLength: Number.MAX_SAFE_INTEGER,
  });
};
