/** What may be written at a place, as the JSON Schema of the file has it. */
export type Word = {
  readonly label: string;
  /** `text`, `list`, `true or false` … */
  readonly type: string;
  readonly about: string | undefined;
};

type Schema = Readonly<Record<string, unknown>>;

const isSchema = (value: unknown): value is Schema => typeof value === 'object' && value !== null;
const schemasIn = (value: unknown): readonly Schema[] => (Array.isArray(value) ? value.filter(isSchema) : []);

/** All shapes that a value may have: references and alternatives looked through. */
const shapesOf = (schema: unknown, root: Schema, depth = 0): readonly Schema[] => {
  if (!isSchema(schema) || depth > 12) return [];
  const ref = schema['$ref'];
  const referred =
    typeof ref === 'string'
      ? shapesOf(
          ref
            .replace(/^#\/?/, '')
            .split('/')
            .filter((name) => name !== '')
            .reduce<unknown>((value, name) => (isSchema(value) ? value[name] : undefined), root),
          root,
          depth + 1,
        )
      : [];
  const alternatives = ['anyOf', 'oneOf', 'allOf'].flatMap((name) => schemasIn(schema[name]));
  return [schema, ...referred, ...alternatives.flatMap((one) => shapesOf(one, root, depth + 1))];
};

const step = (shapes: readonly Schema[], key: string): readonly unknown[] =>
  shapes.flatMap((shape) => {
    if (key === '-') return [shape['items']];
    const { properties } = shape;
    if (isSchema(properties) && key in properties) return [properties[key]];
    return [shape['additionalProperties']];
  });

const shapesAt = (root: Schema, path: readonly string[]): readonly Schema[] =>
  path.reduce<readonly Schema[]>(
    (shapes, key) => step(shapes, key).flatMap((next) => shapesOf(next, root)),
    shapesOf(root, root),
  );

const TYPES: Readonly<Record<string, string>> = {
  string: 'text',
  array: 'list',
  object: 'mapping',
  integer: 'number',
  number: 'number',
  boolean: 'true or false',
};

const typeOf = (shapes: readonly Schema[]): string => {
  const types = shapes.flatMap(({ type, enum: values }) =>
    Array.isArray(values) ? ['one of some'] : typeof type === 'string' ? [TYPES[type] ?? type] : [],
  );
  return [...new Set(types)].join(' or ');
};

const aboutOf = (shapes: readonly Schema[]): string | undefined =>
  shapes.map(({ description }) => description).find((text) => typeof text === 'string');

/** Keys of the mapping at a path, by name. */
export const keysAt = (root: Schema, path: readonly string[]): readonly Word[] => {
  const words = new Map<string, Word>();
  for (const { properties } of shapesAt(root, path))
    if (isSchema(properties))
      for (const [label, schema] of Object.entries(properties)) {
        const shapes = shapesOf(schema, root);
        words.set(label, { label, type: typeOf(shapes), about: aboutOf(shapes) });
      }
  return [...words.values()].sort((a, b) => (a.label < b.label ? -1 : 1));
};

/** Values that are named by the schema at a path, or all there are. */
export const valuesAt = (root: Schema, path: readonly string[]): readonly Word[] => {
  const shapes = shapesAt(root, path);
  const about = aboutOf(shapes);
  const labels = shapes.flatMap(({ type, enum: values, const: only }) => {
    if (Array.isArray(values)) return values.map(String);
    if (typeof only === 'string' || typeof only === 'boolean') return [String(only)];
    return type === 'boolean' ? ['true', 'false'] : [];
  });
  return [...new Set(labels)].map((label) => ({ label, type: 'value', about }));
};
