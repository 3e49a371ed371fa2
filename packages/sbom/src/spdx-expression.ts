import parse from 'spdx-expression-parse';

/** A longer text is no expression that anyone wrote, and the parser recurses. */
const MAX_LENGTH = 2000;

type Node = ReturnType<typeof parse>;

const tryParse = (text: string): Node | undefined => {
  if (text.length > MAX_LENGTH) return undefined;
  try {
    return parse(text);
  } catch {
    return undefined;
  }
};

const format = (node: Node, inside: 'and' | 'or' | undefined): string => {
  if ('license' in node)
    return `${node.license}${node.plus === true ? '+' : ''}${node.exception === undefined ? '' : ` WITH ${node.exception}`}`;
  const text = `${format(node.left, node.conjunction)} ${node.conjunction.toUpperCase()} ${format(node.right, node.conjunction)}`;
  return inside === undefined || inside === node.conjunction ? text : `(${text})`;
};

const conjuncts = (node: Node): Node[] =>
  'conjunction' in node && node.conjunction === 'and'
    ? [...conjuncts(node.left), ...conjuncts(node.right)]
    : [node];

const idsOf = (node: Node): string[] =>
  'license' in node ? [node.license] : [...idsOf(node.left), ...idsOf(node.right)];

export const isSpdxExpression = (text: string): boolean => tryParse(text) !== undefined;

/** One identifier of the SPDX list, without operators and not one of one's own (`LicenseRef-…`). */
export const isSpdxId = (text: string): boolean => {
  const node = tryParse(text);
  return node !== undefined && 'license' in node && node.license === text && !text.includes('LicenseRef-');
};

/** Identifiers in an expression; the text itself if it is none. */
export const spdxIds = (text: string): string[] => {
  const node = tryParse(text);
  return node === undefined ? [text] : idsOf(node);
};

/**
 * Whether nobody can comply with an expression without an identifier of which `holds` is true: of a choice both sides
 * must be so, of what applies together one.
 *
 * @param text also a mere name
 */
export const isInevitable = (text: string, holds: (id: string) => boolean): boolean => {
  const inevitable = (node: Node): boolean => {
    if ('license' in node) return holds(node.license);
    return node.conjunction === 'or'
      ? inevitable(node.left) && inevitable(node.right)
      : inevitable(node.left) || inevitable(node.right);
  };
  const node = tryParse(text);
  return node === undefined ? holds(text) : inevitable(node);
};

const PLAIN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+/gu;

/** Text of an untrusted source on one line, without what a terminal would obey. */
export const plainText = (text: string, maxLength = 200): string =>
  text.replace(PLAIN, ' ').replace(/\s+/g, ' ').trim().slice(0, maxLength).trim();

/**
 * Licences that all apply, in the one form that they are kept and compared in: an expression is taken apart at its
 * outermost ANDs, names stay as they are; sorted, each once.
 */
export const normaliseLicenses = (licenses: readonly string[]): string[] => {
  const parts = [...new Set(licenses)].flatMap((license) => {
    const text = plainText(license, MAX_LENGTH);
    const node = tryParse(text);
    return node === undefined
      ? [text.slice(0, 200).trim()]
      : conjuncts(node).map((part) => format(part, undefined));
  });
  return [...new Set(parts)].filter((part) => part !== '').sort();
};

/** All of them as one expression, or nothing if one is a mere name. */
export const toExpression = (licenses: readonly string[]): string | undefined => {
  const nodes = licenses.map(tryParse);
  if (nodes.length === 0) return undefined;
  const texts = nodes.map((node) =>
    node === undefined ? undefined : format(node, nodes.length > 1 ? 'and' : undefined),
  );
  return texts.includes(undefined) ? undefined : texts.join(' AND ');
};
