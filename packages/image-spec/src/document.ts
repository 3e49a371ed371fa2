import { SlipwayError } from '@slipway/protocol';
import { isAlias, isMap, isNode, isScalar, isSeq, LineCounter, parseDocument, type Document } from 'yaml';

export type Path = readonly (string | number)[];
export type Position = { readonly line: number; readonly column: number };

/** A parsed YAML file that knows where its keys and values stand. */
export type SpecDocument = {
  readonly file: string;
  readonly value: unknown;
  /** Of the value at `path`, or of the deepest parent that exists. */
  positionOf(path: Path): Position;
  /** Of a key of the mapping at `path`. */
  positionOfKey(path: Path, key: string): Position;
};

const MAX_BYTES = 1024 * 1024;

/** `services[0].image` */
export const formatPath = (path: Path): string =>
  path
    .map((part, index) =>
      typeof part === 'number'
        ? `[${part}]`
        : /^[\w-]+$/.test(part)
          ? `${index === 0 ? '' : '.'}${part}`
          : `["${part}"]`,
    )
    .join('');

const resolve = (doc: Document, node: unknown): unknown => (isAlias(node) ? node.resolve(doc) : node);

const child = (doc: Document, node: unknown, part: string | number): unknown => {
  const real = resolve(doc, node);
  if (isSeq(real) && typeof part === 'number') return real.items[part];
  if (!isMap(real)) return undefined;
  const pair = real.items.find(({ key }) => isScalar(key) && String(key.value) === String(part));
  return pair?.value ?? pair?.key;
};

/** @throws {SlipwayError} SPEC_SYNTAX */
export const parseSpecDocument = (text: string, file: string): SpecDocument => {
  const fail = (message: string, position: Position, cause?: unknown): never => {
    throw new SlipwayError('SPEC_SYNTAX', `${file}:${position.line}:${position.column}: ${message}`, {
      cause,
      details: { file, ...position },
    });
  };
  if (Buffer.byteLength(text) > MAX_BYTES) fail('expected a file of at most 1 MiB', { line: 1, column: 1 });
  const lines = new LineCounter();
  const doc = parseDocument(text, {
    lineCounter: lines,
    merge: true,
    prettyErrors: false,
    logLevel: 'silent',
  });
  const position = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const problem = doc.errors[0] ?? doc.warnings[0];
  if (problem !== undefined) fail(problem.message, position(problem.pos[0]), problem);
  let value: unknown;
  try {
    value = doc.toJS({ maxAliasCount: 100 });
  } catch (error) {
    fail(error instanceof Error ? error.message : String(error), { line: 1, column: 1 }, error);
  }

  const start = (node: unknown): Position => position((isNode(node) ? node.range?.[0] : undefined) ?? 0);
  const find = (path: Path): unknown => {
    let node: unknown = doc.contents;
    for (const part of path) {
      const next = child(doc, node, part);
      if (next === undefined) break;
      node = next;
    }
    return node;
  };
  return {
    file,
    value,
    positionOf: (path) => start(find(path)),
    positionOfKey: (path, key) => {
      const map = resolve(doc, find(path));
      const pair = isMap(map)
        ? map.items.find((item) => isScalar(item.key) && item.key.value === key)
        : undefined;
      return start(pair?.key ?? map);
    },
  };
};
