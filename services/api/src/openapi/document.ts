import { STATUS_CODES } from 'node:http';
import { z } from 'zod';
import { operationId, type Answers } from './operation-id.ts';

const Content = z.record(z.string(), z.looseObject({ schema: z.record(z.string(), z.unknown()).optional() }));
const ResponseEntry = z.looseObject({ content: Content.optional() });
const Operation = z.looseObject({
  operationId: z.string().optional(),
  tags: z.array(z.string()).default([]),
  summary: z.string().default(''),
  security: z.array(z.unknown()).optional(),
  parameters: z.array(z.looseObject({ name: z.string(), in: z.string() })).optional(),
  requestBody: z.unknown().optional(),
  responses: z.record(z.string(), ResponseEntry),
});
type Operation = z.infer<typeof Operation>;

/** What we use of an OpenAPI 3.1 document. */
const Document = z.looseObject({
  openapi: z.string(),
  paths: z.record(z.string(), z.record(z.string(), Operation)),
  components: z.looseObject({
    schemas: z.record(z.string(), z.unknown()),
    responses: z.record(z.string(), z.unknown()).optional(),
  }),
});
export type Document = z.infer<typeof Document>;

/** The document that describes an app, once its routes are there. */
export const documentOf = (app: { readonly swagger: () => unknown }): Document => {
  const document = mergeInputs(Document.parse(JSON.parse(JSON.stringify(app.swagger()))));
  const known = new Map<string, string>();
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      operation.operationId ??= operationId(method.toUpperCase(), path, answersOf(operation));
      const where = `${method.toUpperCase()} ${path}`;
      const other = known.get(operation.operationId);
      if (other !== undefined)
        throw new TypeError(
          `${where} and ${other} are both ${operation.operationId}; give one an operationId in its schema`,
        );
      known.set(operation.operationId, where);
      declareProblems(method, path, operation);
    }
  }
  return keepUsed(document);
};

const answersOf = ({ responses }: Operation): Answers => {
  const content = responses['200']?.content ?? {};
  if ('text/event-stream' in content) return 'stream';
  return content['application/json']?.schema?.['type'] === 'array' ? 'many' : 'one';
};

/** Names of what every route may answer, by status. */
const PROBLEMS: Readonly<Record<number, string>> = {
  400: 'Invalid',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  409: 'Conflict',
  412: 'Changed',
  413: 'TooLarge',
  415: 'WrongType',
  422: 'Unusable',
  429: 'TooMany',
  500: 'Fault',
  502: 'Upstream',
  503: 'Unavailable',
  507: 'Full',
};

const problemResponses = () =>
  Object.fromEntries(
    Object.entries(PROBLEMS).map(([status, name]) => [
      name,
      {
        description: `${STATUS_CODES[status] ?? status}: a problem document whose code says why.`,
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    ]),
  );

/** Every error of every route is a problem document; which statuses there may be follows from what a route takes. */
const declareProblems = (method: string, path: string, operation: Operation): void => {
  const isOpen = operation.security?.length === 0;
  const changes = method !== 'get';
  // To read what is in a source has a branch of it fetched.
  const fetches = path.startsWith('/v1/sources/{id}/');
  const takes = operation.parameters !== undefined || operation.requestBody !== undefined;
  if (!isOpen) declareHeaders(method, operation);
  const statuses = [
    ...(takes || changes || !isOpen ? [400] : []),
    ...(isOpen && !changes ? [] : [401, 403]),
    ...(path.includes('{') || operation.requestBody !== undefined ? [404] : []),
    ...(changes ? [409, 412, 413, 415, 422, 502, 503, 507] : fetches ? [422, 502] : []),
    429,
    500,
  ];
  for (const status of statuses) {
    operation.responses[status] ??= { $ref: `#/components/responses/${PROBLEMS[status] ?? 'Fault'}` };
  }
};

/** What `idempotency.ts` and `etags.ts` do for every route. */
const declareHeaders = (method: string, operation: Operation): void => {
  const isResource =
    method === 'get' &&
    answersOf(operation) === 'one' &&
    operation.responses['200']?.content?.['application/json'] !== undefined;
  const header = (name: string, description: string, schema: Record<string, unknown> = {}) => ({
    name,
    in: 'header',
    required: false,
    schema: { type: 'string', ...schema },
    description,
  });
  const headers =
    method === 'post'
      ? [
          header(
            'Idempotency-Key',
            'The same request with the same key is done once, and answered alike, for a day.',
            { pattern: '^[\\x21-\\x7e]{8,128}$' },
          ),
        ]
      : method !== 'get'
        ? [header('If-Match', 'ETag of what is to be changed; 412 if it is no longer that.')]
        : isResource
          ? [header('If-None-Match', 'ETag of what is known; 304 if it is still that.')]
          : [];
  if (headers.length > 0) operation.parameters = [...(operation.parameters ?? []), ...headers];
  if (isResource) operation.responses[304] ??= { description: 'It is still what If-None-Match names.' };
};

/** A schema that takes what it gives needs no twin `…Input`. */
const mergeInputs = (document: Document): Document => {
  let { schemas } = document.components;
  let text = JSON.stringify(document);
  for (;;) {
    const twins = Object.keys(schemas).filter((name) => {
      const own = schemas[name.replace(/Input$/, '')];
      return name.endsWith('Input') && own !== undefined && sameSchema(schemas[name], own);
    });
    if (twins.length === 0) return Document.parse(JSON.parse(text));
    const parsed = Document.parse(JSON.parse(text));
    for (const name of twins) delete parsed.components.schemas[name];
    ({ schemas } = parsed.components);
    text = JSON.stringify(parsed);
    for (const name of twins) text = text.replaceAll(refTo(name), refTo(name.replace(/Input$/, '')));
    ({ schemas } = Document.parse(JSON.parse(text)).components);
  }
};

const sameSchema = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
const refTo = (name: string): string => `"#/components/schemas/${name}"`;

/** Without schemas that nothing refers to, which are those of the device channel. */
const keepUsed = (document: Document): Document => {
  const used = new Set<string>();
  const look = (value: unknown): void => {
    for (const [, name = ''] of JSON.stringify(value).matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
      if (used.has(name)) continue;
      used.add(name);
      look(document.components.schemas[name] ?? {});
    }
  };
  const responses = problemResponses();
  look([document.paths, responses]);
  const schemas = Object.entries(document.components.schemas)
    .filter(([name]) => used.has(name))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    ...document,
    components: { ...document.components, schemas: Object.fromEntries(schemas), responses },
  };
};
