import { expect, test } from 'vitest';
import { classFileSchema, imageFileSchema } from './json-schema.ts';

test('editors learn the keys and that no other is allowed', () => {
  expect(imageFileSchema).toMatchObject({ type: 'object', additionalProperties: false });
  expect(Object.keys(imageFileSchema.properties ?? {})).toContain('services');
  expect(classFileSchema).toMatchObject({
    required: ['name', 'arch', 'images'],
    additionalProperties: false,
  });
});
