import { expect, test } from 'vitest';
import { classFileSchema, imageFileSchema } from './json-schema.ts';

test('editors learn the keys and that no other is allowed', () => {
  expect(imageFileSchema()).toMatchObject({ type: 'object', additionalProperties: false });
  expect(Object.keys(imageFileSchema().properties ?? {})).toContain('services');
  expect(classFileSchema()).toMatchObject({
    required: ['name', 'arch', 'images'],
    additionalProperties: false,
  });
});

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

/** Paths of properties that say nothing of themselves. */
const undescribed = (schema: unknown, path: string): string[] => {
  if (!isRecord(schema)) return [];
  const properties = isRecord(schema['properties']) ? Object.entries(schema['properties']) : [];
  return [
    ...properties.flatMap(([key, property]) =>
      isRecord(property) && typeof property['description'] === 'string' ? [] : [`${path}.${key}`],
    ),
    ...Object.entries(schema).flatMap(([key, below]) => undescribed(below, `${path}/${key}`)),
  ];
};

test.each([
  ['image', imageFileSchema()],
  ['class', classFileSchema()],
])('every key of the schema of %s files is described', (_name, schema) => {
  expect(undescribed(schema, '')).toEqual([]);
});
