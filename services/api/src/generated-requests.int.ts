import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Document, must, openChecks, type Answer, type Operation } from './testing/check-answers.ts';
import { Schema, spoil, valuesOf } from './testing/json-schema.ts';
import { runApi, type TestApi } from './testing/running-api.ts';
import { makeSeeds, type Asked } from './testing/seeds.ts';
import { describeApi } from './openapi/write.ts';

/**
 * The document at /openapi.json against the server that serves it: for every route, requests made from its schemas,
 * right ones and wrong ones. Every answer must be one that the document declares.
 */
type Route = {
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
  readonly name: string;
};
type Sent = Asked & { readonly raw?: string; readonly headers?: Readonly<Record<string, string>> };

const document = Document.parse(await describeApi());
const routes: Route[] = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({
    method: method.toUpperCase(),
    path,
    operation,
    name: operation.operationId,
  })),
);
const { schemas } = document.components;
const checks = openChecks(document);

/** A rule between fields that JSON Schema is not told. */
const NO_NUL = /without NUL/;
const ROLLOUTS =
  /at most one of devices|says not who belongs|Shares add up|count, percent or both|before it starts/;
const RULES: Readonly<Record<string, RegExp>> = {
  'devices.getMetrics': /since before until/,
  'devices.bulk': /exactly one of devices and query/,
  'builds.create': /A branch is one of a source/,
  'classTriggers.update': /name the class/,
  'classTriggers.approve': /have been read/,
  'triggers.create': /A push is to|names the classes|only what is published|takes no hook/,
  'triggers.update': /A push is to|names the classes|only what is published/,
  'triggers.run': /has no source/,
  'rollouts.create': ROLLOUTS,
  'rollouts.preview': ROLLOUTS,
  'rollouts.update': /which is over/,
  'claims.create': /an id is for one device/,
  'webhooks.create': /: a URL /,
  'webhooks.update': /: a URL /,
  'registrations.create': /expected serial or keySha256/,
};
const SAMPLES = { seed: 20_260_501, numRuns: 1 };

let api: TestApi;
let seeds: Awaited<ReturnType<typeof makeSeeds>>;
beforeAll(async () => {
  api = await runApi();
  seeds = await makeSeeds(api);
});
afterAll(() => api.close());

const needsSeed = ({ path, operation }: Route): boolean =>
  path.includes('{') || operation.requestBody?.required === true;

const send = async ({ method, path }: Route, asked: Sent): Promise<Answer> => {
  const at = path.replace(/\{(\w+)\}/g, (_whole, name: string) =>
    encodeURIComponent(asked.params?.[name] ?? ''),
  );
  const query = Object.entries(asked.query ?? {}).map(([name, value]) => [name, value ?? '']);
  const search = query.length === 0 ? '' : `?${new URLSearchParams(query).toString()}`;
  const body = asked.raw ?? (asked.body === undefined ? undefined : JSON.stringify(asked.body));
  const answer = await fetch(`${api.url()}${at}${search}`, {
    method,
    headers: {
      authorization: `Bearer ${api.token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...asked.headers,
    },
    ...(body === undefined ? {} : { body }),
  });
  const type = answer.headers.get('content-type');
  const isStream = type === 'text/event-stream';
  const text = isStream ? await firstPiece(answer) : await answer.text();
  return { status: answer.status, type, headers: answer.headers, text };
};

const firstPiece = async ({ body }: Response): Promise<string> => {
  const reader = body?.getReader();
  const piece = await reader?.read();
  await reader?.cancel();
  return piece?.value === undefined ? '' : Buffer.from(piece.value).toString();
};

const told = ({ method, path }: Route, what: string, { params, query, body, raw }: Sent): string =>
  `${method} ${path} with ${what} ${JSON.stringify({ params, query, body: raw ?? body }).slice(0, 400)}`;

/** Sends a request, and checks the answer against the document. */
const tryOut = async (route: Route, what: string, asked: Sent): Promise<Answer> => {
  const answer = await send(route, asked);
  checks.check(route.operation, answer, told(route, what, asked));
  return answer;
};

const codeIn = ({ text }: Answer): string => /"code":"(\w+)"/.exec(text)?.[1] ?? '';
const mustRefuse = async (route: Route, what: string, asked: Sent, statuses: readonly number[]) => {
  const answer = await tryOut(route, what, asked);
  const shown = `${told(route, what, asked)} → ${answer.status} ${answer.text.slice(0, 300)}`;
  must(statuses.includes(answer.status), shown);
  return answer;
};

const parametersIn = ({ operation }: Route, place: 'path' | 'query') =>
  operation.parameters
    .filter((parameter) => parameter.in === place)
    .map(({ name, schema }) => ({ name, schema: Schema.parse(schema) }));
const bodyOf = ({ operation }: Route): Schema | undefined => {
  const schema = operation.requestBody?.content['application/json']?.schema;
  return schema === undefined ? undefined : Schema.parse(schema);
};
const asText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** Texts that a parameter of a path or query may be given; what they are is told by its schema. */
const BAD_TEXTS = ['', 'x', '-1', '1.5', '1e99', 'NaN', '\u0000', '../x', 'ü'.repeat(3), '9'.repeat(30)];
const valueOfText = (schema: Schema, text: string): unknown =>
  schema.type === 'integer' || schema.type === 'number' ? (text.trim() === '' ? text : Number(text)) : text;

test('every route that takes something has a seed, and no seed is of a route that is gone', () => {
  const needed = routes.filter(needsSeed).map(({ name }) => name);
  expect(needed.filter((name) => seeds[name] === undefined)).toEqual([]);
  const known = new Set(routes.map(({ name }) => name));
  expect(Object.keys(seeds).filter((name) => !known.has(name))).toEqual([]);
});

test('the server gives the document that the checks are made from', async () => {
  expect(Document.parse(await (await fetch(`${api.url()}/openapi.json`)).json())).toEqual(document);
});

describe.each(routes)('$method $path', (route) => {
  const { name, operation } = route;
  const schema = bodyOf(route);
  const isOpen = operation.security?.length === 0;
  const seeded = async (): Promise<Asked> => (await seeds[name]?.()) ?? {};
  /** for requests that are refused, so that it stays as it is */
  let lasting: Promise<Asked> | undefined;
  const shared = (): Promise<Asked> => (lasting ??= seeded());

  test('does what it is there for', async () => {
    const answer = await tryOut(route, 'a seed', await seeded());
    expect.hasAssertions();
    must([200, 201, 202, 204].includes(answer.status), answer.text);
  });

  test('takes what its schemas allow', async () => {
    expect.hasAssertions();
    const { params = {}, ...rest } = await seeded();
    const query = fc.record(
      Object.fromEntries(
        parametersIn(route, 'query')
          // A cursor is opaque: no schema says which ones there are.
          .filter((parameter) => parameter.name !== 'after')
          .map((parameter) => [parameter.name, valuesOf(parameter.schema, schemas).map(asText)]),
      ),
      { requiredKeys: [], noNullPrototype: true },
    );
    const mayBe = async (asked: Sent): Promise<void> => {
      const answer = await tryOut(route, 'allowed values', asked);
      const known = [NO_NUL, RULES[name]].some((rule) => rule?.test(answer.text) === true);
      const refused = codeIn(answer) === 'REQUEST_INVALID' && !known;
      must(!refused, `${told(route, 'allowed values', asked)} → ${answer.text}`);
    };
    const bodies = schema === undefined ? fc.constant(rest.body) : valuesOf(schema, schemas);
    for (const [some, body] of fc.sample(fc.tuple(query, bodies), SAMPLES))
      await mayBe({ params, query: some, body });
    if (schema === undefined) return;
    // One field after the other beside what is known to be right, so that it gets as far as it can.
    const [full] = fc.sample(valuesOf(schema, schemas, true), SAMPLES);
    for (const [field, value] of Object.entries(Object(full))) {
      const asked = await seeded();
      const body = { ...Object(asked.body), [field]: value };
      if (checks.isAllowed(schema, body)) await mayBe({ ...asked, body });
    }
  });

  if (!isOpen)
    test('asks who is there', async () => {
      const asked = await shared();
      for (const authorization of ['', 'Bearer swt_unknown', 'Basic eDp5']) {
        const answer = await mustRefuse(route, 'no token', { ...asked, headers: { authorization } }, [401]);
        expect(codeIn(answer)).toBe('AUTH_REQUIRED');
      }
    });

  test('refuses what its path and query do not allow', async () => {
    expect.hasAssertions();
    const { params = {}, ...asked } = await shared();
    for (const { name: parameter, schema } of parametersIn(route, 'path')) {
      for (const text of [...BAD_TEXTS.slice(1), 'x'.repeat(90)]) {
        const given = { ...asked, params: { ...params, [parameter]: text } };
        if (checks.isAllowed(schema, text)) await tryOut(route, 'another id', given);
        else await mustRefuse(route, `a bad ${parameter}`, given, [400]);
      }
    }
    for (const { name: parameter, schema } of parametersIn(route, 'query')) {
      const texts = [...BAD_TEXTS, String((schema.maximum ?? 0) + 1), String((schema.minimum ?? 0) - 1)];
      for (const text of [...texts, 'x'.repeat(5000)]) {
        const given = { ...asked, params, query: { ...asked.query, [parameter]: text } };
        if (checks.isAllowed(schema, valueOfText(schema, text))) await tryOut(route, 'a value', given);
        else await mustRefuse(route, `a bad ${parameter}`, given, [400]);
      }
    }
    if (!isOpen)
      await mustRefuse(route, 'an unknown parameter', { ...asked, params, query: { surprise: '1' } }, [400]);
    else await tryOut(route, 'nothing', asked);
  });

  if (schema !== undefined)
    test('refuses every body that its schema does not allow', async () => {
      const { params = {}, body } = await shared();
      const full = fc.sample(valuesOf(schema, schemas, true), SAMPLES);
      const known = new Set<string>();
      const wrong = [body, ...full]
        .flatMap((value) => spoil(value))
        .filter(({ what, value }) => !known.has(what) && known.add(what) && !checks.isAllowed(schema, value));
      expect(wrong.length).toBeGreaterThan(5);
      for (const { what, value } of wrong) {
        const answer = await mustRefuse(route, what, { params, body: value }, [400]);
        must(codeIn(answer) === 'REQUEST_INVALID', what);
      }
    });

  if (route.method !== 'GET')
    test('refuses what is no JSON', async () => {
      const { params = {} } = await shared();
      const headers = (type: string) => ({ 'content-type': type });
      for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/xml', 'x'])
        await mustRefuse(route, type, { params, raw: '{}', headers: headers(type) }, [415]);
      for (const raw of ['{', '{"a":1}}', '\u0000', '{"__proto__":{"a":1}}', 'null', '[]', '{"surprise":1}'])
        await mustRefuse(route, 'another body', { params, raw }, schema === undefined ? [400, 200] : [400]);
      const large = `"${'x'.repeat(300_000)}"`;
      expect.hasAssertions();
      await mustRefuse(route, 'a large body', { params, raw: large }, [
        name === 'registrations.create' ? 400 : 413,
      ]);
    });
});

const matches = ({ path }: Route, at: string): boolean =>
  new RegExp(`^${path.replace(/\{\w+\}/g, '[^/]+')}$`).test(at);

test('what is not there is told so, whatever the method', async () => {
  for (const path of Object.keys(document.paths)) {
    const at = path.replace(/\{\w+\}/g, 'x');
    for (const method of ['post', 'put', 'patch', 'delete']) {
      // Such as PATCH /v1/devices/counts, which is a device of that name.
      if (routes.some((route) => route.method.toLowerCase() === method && matches(route, at))) continue;
      const url = `${api.url()}${at}`;
      const headers = { authorization: `Bearer ${api.token}` };
      const answer = await fetch(url, { method: method.toUpperCase(), headers });
      expect([answer.status, answer.headers.get('content-type')]).toEqual([
        404,
        'application/problem+json; charset=utf-8',
      ]);
      await answer.body?.cancel();
    }
  }
});
