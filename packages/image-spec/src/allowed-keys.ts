import { z } from 'zod';
import type { Path } from './document.ts';

const isRecord = (value: unknown): value is Record<string | number, unknown> =>
  typeof value === 'object' && value !== null;

/** Takes off `optional`, `default` and the like, and picks the branch of a union that the value claims to be. */
const unwrap = (schema: z.core.$ZodType, value: unknown): z.core.$ZodType => {
  if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault
  )
    return unwrap(schema.def.innerType, value);
  if (schema instanceof z.ZodPipe) return unwrap(schema.def.in, value);
  if (schema instanceof z.ZodUnion) {
    const branches = schema.def.options.map((option) => unwrap(option, value));
    const claimed = branches.find(
      (branch) =>
        branch instanceof z.ZodObject &&
        isRecord(value) &&
        branch.shape['type'] instanceof z.ZodLiteral &&
        branch.shape['type'].safeParse(value['type']).success,
    );
    const mapping = isRecord(value) ? branches.find((branch) => branch instanceof z.ZodObject) : undefined;
    return claimed ?? mapping ?? branches[0] ?? schema;
  }
  return schema;
};

/** The keys that the mapping at `path` may have. */
export const allowedKeys = (root: z.ZodType, rootValue: unknown, path: Path): string[] => {
  let value = rootValue;
  let schema = unwrap(root, value);
  for (const part of path) {
    value = isRecord(value) ? value[part] : undefined;
    let next: z.core.$ZodType | undefined;
    if (schema instanceof z.ZodObject) next = schema.shape[part];
    else if (schema instanceof z.ZodArray) next = schema.def.element;
    else if (schema instanceof z.ZodRecord) next = schema.def.valueType;
    if (next === undefined) return [];
    schema = unwrap(next, value);
  }
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
};
