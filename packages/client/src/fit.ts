import { SlipwayError } from '@slipway/protocol';
import { z } from 'zod';

/**
 * What the server said, once it fits what this client knows.
 *
 * @throws {SlipwayError} ANSWER_UNEXPECTED
 */
export const fit = <S extends z.ZodType>(schema: S, url: string, value: unknown): z.infer<S> => {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [first] = parsed.error.issues;
  const place = first === undefined || first.path.length === 0 ? 'it' : first.path.join('.');
  throw new SlipwayError(
    'ANSWER_UNEXPECTED',
    `${url} gave an answer that does not fit: ${place}: ${first?.message ?? ''}. It may be of another version than this client.`,
    { cause: parsed.error },
  );
};
