import { createJsonSchemaTransform, createJsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { NAMED } from './names.ts';

type Config = NonNullable<Parameters<typeof createJsonSchemaTransform>[0]['zodToJsonConfig']>;

/** The provider looks for words only in the registry of names; those of `describe` and `meta` are in zod's own. */
const zodToJsonConfig: Config = {
  override: ({ zodSchema, jsonSchema }) => {
    const { description, default: absent } = z.globalRegistry.get(zodSchema) ?? {};
    if (description !== undefined) jsonSchema.description = description;
    if (typeof absent === 'number') jsonSchema.default = absent;
    const { anyOf } = jsonSchema;
    // What cannot be told, such as undefined.
    if (anyOf !== undefined) jsonSchema.anyOf = anyOf.filter((part) => Object.keys(part).length > 0);
  },
};

const asZodTells = createJsonSchemaTransform({ schemaRegistry: NAMED, zodToJsonConfig });
type Transform = typeof asZodTells;

/** Puts the schemas that have a name into the document. */
export const describeSchemas = createJsonSchemaTransformObject({ schemaRegistry: NAMED, zodToJsonConfig });

const TEXT = /^text\/|json$/;

/** As the zod provider tells a route; what is no JSON is declared by `produces`, and what it takes
 * by `access` and `groups`. */
export const describeRoute: Transform = (route) => {
  const described = asZodTells(route);
  const schema: Record<string, unknown> = { ...described.schema };
  const { produces, response } = schema;
  if (response === undefined && Array.isArray(produces)) {
    const content = Object.fromEntries(
      produces.map((type: unknown) => [String(type), bytesOf(String(type))]),
    );
    schema['response'] = { 200: { description: 'The bytes.', content } };
  }
  const { access, groups } = 'route' in route ? (route.route.config ?? {}) : {};
  if (access !== undefined) schema['x-access'] = access;
  if (groups !== undefined) schema['x-groups'] = groups;
  return { ...described, schema };
};

const bytesOf = (type: string) => ({
  schema: TEXT.test(type) ? { type: 'string' } : { type: 'string', contentMediaType: type },
});
