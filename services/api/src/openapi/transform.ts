import { createJsonSchemaTransform, createJsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { NAMED } from './names.ts';

const asZodTells = createJsonSchemaTransform({ schemaRegistry: NAMED });
type Transform = typeof asZodTells;

/** Puts the schemas that have a name into the document. */
export const describeSchemas = createJsonSchemaTransformObject({ schemaRegistry: NAMED });

const TEXT = /^text\/|json$/;

/** As the zod provider tells a route; what is no JSON is declared by `produces`, and what it takes by `access`. */
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
  const access = 'route' in route ? route.route.config?.access : undefined;
  if (access !== undefined) schema['x-access'] = access;
  return { ...described, schema };
};

const bytesOf = (type: string) => ({
  schema: TEXT.test(type) ? { type: 'string' } : { type: 'string', contentMediaType: type },
});
