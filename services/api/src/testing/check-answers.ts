import addFormats from 'ajv-formats';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { ERRORS, isErrorCode, Problem } from '@slipway/protocol';
import { expect } from 'vitest';
import { z } from 'zod';
import type { Schema } from './json-schema.ts';

const Content = z.record(z.string(), z.looseObject({ schema: z.unknown().optional() }));
const Response = z.looseObject({ $ref: z.string().optional(), content: Content.optional() });
type Response = z.infer<typeof Response>;

export const Operation = z.looseObject({
  operationId: z.string(),
  security: z.array(z.unknown()).optional(),
  parameters: z
    .array(
      z.looseObject({
        name: z.string(),
        in: z.enum(['path', 'query', 'header', 'cookie']),
        schema: z.unknown(),
      }),
    )
    .default([]),
  requestBody: z.looseObject({ required: z.boolean().optional(), content: Content }).optional(),
  responses: z.record(z.string(), Response),
});
export type Operation = z.infer<typeof Operation>;

export const Document = z.looseObject({
  paths: z.record(z.string(), z.record(z.string(), Operation)),
  components: z.looseObject({
    schemas: z.record(z.string(), z.unknown()),
    responses: z.record(z.string(), Response),
  }),
});
export type Document = z.infer<typeof Document>;

export type Answer = {
  readonly status: number;
  readonly type: string | null;
  readonly headers: Headers;
  /** of a stream: its first piece */
  readonly text: string;
};

/** With words that say what failed, which `expect` takes only from a literal. */
export const must = (holds: boolean, told: string): void =>
  expect({ holds, told }).toEqual({ holds: true, told });

const STREAM = 'text/event-stream';

/** Compares schemas and answers with what a document says of them. */
export const openChecks = (document: Document) => {
  const ajv = new Ajv2020({ strict: false });
  addFormats.default(ajv);
  const { schemas, responses } = document.components;
  ajv.addSchema({ $id: 'openapi', components: { schemas } });
  const known = new Map<unknown, ValidateFunction>();
  const validator = (schema: unknown): ValidateFunction => {
    const made = known.get(schema);
    if (made !== undefined) return made;
    const text = JSON.stringify(schema).replaceAll('"#/components/', '"openapi#/components/');
    const validate = ajv.compile(z.record(z.string(), z.unknown()).parse(JSON.parse(text)));
    known.set(schema, validate);
    return validate;
  };
  const mustFit = (schema: unknown, value: unknown, where: string): void => {
    const validate = validator(schema);
    const fits = validate(value);
    must(fits, `${where}: ${ajv.errorsText(validate.errors)}\n${JSON.stringify(value)}`);
  };
  const resolve = (response: Response): Response =>
    response.$ref === undefined ? response : (responses[response.$ref.split('/').at(-1) ?? ''] ?? {});

  return {
    isAllowed: (schema: Schema, value: unknown): boolean => validator(schema)(value),

    /** The answer is one that the document declares, with a body as it declares; never a fault. */
    check: (operation: Operation, answer: Answer, where: string): void => {
      const { status, type, text } = answer;
      const told = `${where} → ${status} ${text.slice(0, 500)}`;
      // What others do not do for us is no fault of ours.
      must(status < 500 || status === 502 || status === 507, told);
      const declared = operation.responses[status];
      if (declared === undefined) expect.fail(`${told}: the document has no such status`);
      const { content } = resolve(declared);
      must(/^[\w-]{8,}$/.test(answer.headers.get('x-request-id') ?? ''), `${told}: no x-request-id`);
      if (content === undefined) return must(text === '', `${told}: a body`);
      const [plain = ''] = (type ?? '').split(';');
      const body = content[plain];
      if (body === undefined) expect.fail(`${told}: the document has no ${plain} there`);
      if (plain === STREAM) {
        for (const [, data = ''] of text.matchAll(/^data: (.*)\n\n/gm))
          mustFit(body.schema, JSON.parse(data), told);
        return;
      }
      if (!plain.endsWith('json')) return;
      const parsed: unknown = JSON.parse(text);
      mustFit(body.schema, parsed, told);
      if (status >= 400) checkProblem(parsed, status, told);
    },
  };
};

const checkProblem = (body: unknown, status: number, told: string): void => {
  const { code, status: said, type } = Problem.parse(body);
  if (!isErrorCode(code)) expect.fail(`${told}: no code of ours`);
  must(said === status && type === `urn:slipway:error:${code}`, told);
  must(status === ERRORS[code].http || code === 'REQUEST_INVALID', told);
};
