import type { z } from 'zod';
import { parseSpecDocument } from './document.ts';
import { problemsOf, specError } from './problems.ts';

/**
 * Parses any YAML file by a schema, with errors that point into it.
 *
 * @throws {SlipwayError} SPEC_SYNTAX, SPEC_INVALID
 */
export const parseSpec = <T>(text: string, fileName: string, schema: z.ZodType<T>): T => {
  const doc = parseSpecDocument(text, fileName);
  const result = schema.safeParse(doc.value ?? {});
  if (!result.success) throw specError(problemsOf(doc, schema, result.error));
  return result.data;
};
