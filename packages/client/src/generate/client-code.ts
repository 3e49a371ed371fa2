import type { Document, Operation, Schema } from './document.ts';
import { key, schemaCode, type SchemaCode } from './schema-code.ts';

const BANNER = `// Written by \`npm run client -w packages/client\` from what the routes of the API declare. Change a route, then run it.`;

type Route = { readonly method: string; readonly path: string; readonly operation: Operation };

/** The source of \`generated.ts\`: one function for each route of the document, below the name of its group. */
export const clientCode = (document: Document): string => {
  const code = schemaCode();
  const groups = new Map<string, string[]>();
  const routes = Object.entries(document.paths)
    .flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]): Route => ({ method, path, operation })),
    )
    .sort((a, b) => (a.operation.operationId < b.operation.operationId ? -1 : 1));
  for (const route of routes) {
    const [group = '', name = ''] = route.operation.operationId.split('.');
    groups.set(group, [...(groups.get(group) ?? []), functionCode(name, route, code)]);
  }
  const body = [...groups].map(([group, functions]) => `${group}: {\n${functions.join('\n')}\n},`).join('\n');
  const calls = ['download', 'json', 'list', 'nothing', 'stream', 'text'].filter((name) =>
    body.includes(`${name}(connection`),
  );
  return `${BANNER}
import { ${[...code.names].sort().join(', ')} } from '@slipway/protocol';
import { z } from 'zod';
import { ${calls.join(', ')} } from './call.ts';
import { segment, type CallOptions, type Connection } from './request.ts';

/** Every route of the API as a function. */
export const generatedClient = (connection: Connection) => ({
${body}
});
`;
};

const functionCode = (name: string, { method, path, operation }: Route, code: SchemaCode): string => {
  const inPath = operation.parameters.filter((parameter) => parameter.in === 'path');
  const inQuery = operation.parameters.filter((parameter) => parameter.in === 'query');
  const body = operation.requestBody?.content['application/json'];
  const answer = answerOf(operation);

  const isPaged = answer.kind === 'json' && inQuery.some((parameter) => parameter.name === 'limit');
  const hasAll = inQuery.every((parameter) => !parameter.required);
  const parameters = [
    ...inPath.map((parameter) => `${parameter.name}: string`),
    ...(body === undefined
      ? []
      : [`body${operation.requestBody?.required === true ? '' : '?'}: ${code.type(body.schema)}`]),
    ...(inQuery.length === 0
      ? []
      : [
          `query: { ${inQuery
            .map(
              ({ name: own, required, schema }) =>
                `readonly ${key(own)}${required ? `: ${inUrl(schema, code)}` : `?: ${inUrl(schema, code)} | undefined`}`,
            )
            .join('; ')} }${hasAll ? ' = {}' : ''}`,
        ]),
    'options: CallOptions = {}',
  ];
  const url = `\`${path.replace(/\{(\w+)\}/g, (_match, own: string) => `\${segment(${own})}`)}\``;
  const quoted = path.includes('{') ? url : `'${path}'`;
  const given = [
    ...(method === 'get' ? [] : [`method: '${method.toUpperCase()}'`]),
    ...(body === undefined ? [] : ['body']),
    ...(inQuery.length === 0 ? [] : ['query']),
    ...(answer.kind === 'text' || answer.kind === 'download' ? [`accept: '${answer.accept}'`] : []),
    '...options',
  ];
  const request = given.length === 1 ? 'options' : `{ ${given.join(', ')} }`;
  const schema = answer.kind === 'json' || answer.kind === 'stream' ? code.zod(answer.schema) : '';
  const call = {
    json: isPaged
      ? `list(connection, ${schema.replace(/^z\.array\((.*)\)$/s, '$1')}, ${quoted}, ${request})`
      : `json(connection, ${schema}, ${quoted}, ${request})`,
    stream: `stream(connection, ${schema}, ${quoted}, ${request})`,
    text: `text(connection, ${quoted}, ${request})`,
    download: `download(connection, ${quoted}, ${request})`,
    nothing: `nothing(connection, ${quoted}, ${request})`,
  }[answer.kind];
  return `/** ${operation.summary}. \`${method.toUpperCase()} ${path}\` */\n${name}: (${parameters.join(', ')}) => ${call},`;
};

/** In a URL everything is text; what reads as a flag is one. */
const inUrl = (schema: Schema, code: SchemaCode): string =>
  schema.enum?.length === 2 && schema.enum.every((value) => value === 'true' || value === 'false')
    ? 'boolean'
    : code.type(schema);

type Answer =
  | { readonly kind: 'json' | 'stream'; readonly schema: Schema }
  | { readonly kind: 'text' | 'download'; readonly accept: string }
  | { readonly kind: 'nothing' };

const answerOf = ({ responses }: Operation): Answer => {
  const [, good] = Object.entries(responses).find(([status]) => status.startsWith('2')) ?? [];
  const [type, content] = Object.entries(good?.content ?? {})[0] ?? [];
  if (type === undefined || content === undefined) return { kind: 'nothing' };
  if (type === 'application/json') return { kind: 'json', schema: content.schema };
  if (type === 'text/event-stream') return { kind: 'stream', schema: content.schema };
  return type === 'text/plain' ? { kind: 'text', accept: type } : { kind: 'download', accept: type };
};
