import type { Schema } from './document.ts';

/** Code for schemas; every schema that has a name of the protocol is used under it. */
export type SchemaCode = {
  /** names used so far */
  readonly names: Set<string>;
  /** a zod schema, for answers */
  readonly zod: (schema: Schema) => string;
  /** a type, for what is sent */
  readonly type: (schema: Schema) => string;
};

export const schemaCode = (): SchemaCode => {
  const names = new Set<string>();
  const nameOf = (ref: string): string => {
    // A schema that takes something else than it gives has two names in the document and one in the protocol.
    const name = ref.replace(/^#\/components\/schemas\//, '').replace(/Input$/, '');
    names.add(name);
    return name;
  };
  const choices = (schema: Schema): readonly Schema[] | undefined => schema.anyOf ?? schema.oneOf;
  const literal = (value: unknown): string => JSON.stringify(value);

  const zod = (schema: Schema): string => {
    if (schema.$ref !== undefined) return nameOf(schema.$ref);
    if (schema.const !== undefined) return `z.literal(${literal(schema.const)})`;
    if (schema.enum !== undefined) return `z.literal([${schema.enum.map(literal).join(', ')}])`;
    const either = choices(schema);
    if (either !== undefined) {
      const some = either.filter(({ type }) => type !== 'null').map(zod);
      const one = some.length === 1 ? (some[0] ?? '') : `z.union([${some.join(', ')}])`;
      return some.length === either.length ? one : `${one}.nullable()`;
    }
    if (schema.allOf !== undefined)
      return schema.allOf.map(zod).reduce((a, b) => `z.intersection(${a}, ${b})`);
    switch (schema.type) {
      case 'string':
        return 'z.string()';
      case 'integer':
      case 'number':
        return 'z.number()';
      case 'boolean':
        return 'z.boolean()';
      case 'null':
        return 'z.null()';
      case 'array':
        return `z.array(${zod(schema.items ?? {})})`;
      case 'object': {
        if (schema.properties === undefined) {
          const { additionalProperties: values } = schema;
          return `z.record(z.string(), ${typeof values === 'object' ? zod(values) : 'z.unknown()'})`;
        }
        const entries = Object.entries(schema.properties).map(
          ([name, value]) =>
            `${key(name)}: ${zod(value)}${schema.required?.includes(name) === true ? '' : '.optional()'}`,
        );
        return `z.object({ ${entries.join(', ')} })`;
      }
      case undefined:
      default:
        return 'z.unknown()';
    }
  };

  const type = (schema: Schema): string => {
    if (schema.$ref !== undefined) return `z.input<typeof ${nameOf(schema.$ref)}>`;
    if (schema.const !== undefined) return literal(schema.const);
    if (schema.enum !== undefined) return schema.enum.map(literal).join(' | ');
    const either = choices(schema);
    if (either !== undefined) return either.map(type).join(' | ');
    if (schema.allOf !== undefined) return schema.allOf.map(type).join(' & ');
    switch (schema.type) {
      case 'string':
      case 'boolean':
      case 'null':
        return schema.type;
      case 'integer':
      case 'number':
        return 'number';
      case 'array':
        return `readonly (${type(schema.items ?? {})})[]`;
      case 'object': {
        if (schema.properties === undefined) {
          const { additionalProperties: values } = schema;
          return `Readonly<Record<string, ${typeof values === 'object' ? type(values) : 'unknown'}>>`;
        }
        const entries = Object.entries(schema.properties).map(([name, value]) =>
          schema.required?.includes(name) === true
            ? `readonly ${key(name)}: ${type(value)}`
            : `readonly ${key(name)}?: ${type(value)} | undefined`,
        );
        return `{ ${entries.join('; ')} }`;
      }
      case undefined:
      default:
        return 'unknown';
    }
  };
  return { names, zod, type };
};

/** A name as a key of an object. */
export const key = (name: string): string => (/^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name));
