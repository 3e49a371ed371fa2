import type { z } from 'zod';
import { SlipwayError } from './errors.ts';

/**
 * Parses the settings of a program, by the names they have in its environment.
 *
 * @throws {SlipwayError} CONFIG_INVALID, naming every setting that is missing or wrong
 */
export const parseSettings = <S extends z.ZodType>(
  schema: S,
  environment: Readonly<Record<string, string | undefined>>,
): z.infer<S> => {
  const result = schema.safeParse(environment);
  if (result.success) return result.data;
  const problems = result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new SlipwayError('CONFIG_INVALID', problems.join('\n'));
};
