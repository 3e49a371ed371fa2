import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import addFormats from 'ajv-formats';
import { Ajv } from 'ajv';
import { z } from 'zod';

/** The schema that OASIS and SchemaStore publish, as Microsoft's tools carry it. Of draft 4, from which only `id` is strange to Ajv. */
const officialSchema = (): object => {
  const path = fileURLToPath(import.meta.resolve('@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json'));
  const {
    id: _id,
    $schema: _$schema,
    ...schema
  } = z.looseObject({ definitions: z.looseObject({}) }).parse(JSON.parse(readFileSync(path, 'utf8')));
  return schema;
};

// One pattern of the schema has a bracket too many, which only expressions without the flag `u` let pass.
const ajv = new Ajv({ allErrors: true, strict: false, unicodeRegExp: false });
addFormats.default(ajv);
const validate = ajv.compile(officialSchema());

/** What the official schema of SARIF 2.1.0 finds wrong with a log, each by its place in it. */
export const sarifProblems = (log: unknown): string[] =>
  validate(log)
    ? []
    : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message ?? ''}`);
