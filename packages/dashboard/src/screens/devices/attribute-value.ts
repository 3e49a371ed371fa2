import type { AttributeValue } from '@slipway/protocol';

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?$/;

/** What somebody types: numbers, true and false as what they are, in quotes text. */
export const attributeOf = (text: string): AttributeValue => {
  if (text === 'true' || text === 'false') return text === 'true';
  if (NUMBER.test(text)) return Number(text);
  return /^".*"$/s.test(text) ? text.slice(1, -1) : text;
};

/** The way back. */
export const attributeText = (value: AttributeValue): string =>
  typeof value === 'string' && attributeOf(value) !== value ? `"${value}"` : String(value);
