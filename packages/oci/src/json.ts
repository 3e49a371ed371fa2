import { messageOf } from '@slipway/protocol';
import type { z } from 'zod';
import { failure } from './failures.ts';

/**
 * Parses a JSON document of an image.
 *
 * @param what names the document in errors, such as `index.json`
 * @throws {SlipwayError} COMPONENT_INVALID
 */
export const parseJson = <T>(bytes: Uint8Array, schema: z.ZodType<T>, ref: string, what: string): T => {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw failure('COMPONENT_INVALID', ref, `${what}: expected JSON: ${messageOf(error)}`, { cause: error });
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const where = issue === undefined || issue.path.length === 0 ? '' : `${issue.path.join('.')}: `;
  throw failure(
    'COMPONENT_INVALID',
    ref,
    `${what}: ${where}${issue?.message ?? 'wrong form'}; rebuild the image`,
    { cause: result.error },
  );
};
