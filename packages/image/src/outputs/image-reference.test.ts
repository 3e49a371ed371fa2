import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { imageReference } from './image-reference.ts';

test.each([
  ['edge', 'edge:latest'],
  ['my_edge.v2-arm64', 'my_edge.v2-arm64:latest'],
  ['Edge', 'edge:latest'],
  ['Edge (new) 2', 'edge-new-2:latest'],
  ['a._-b', 'a-b:latest'],
  ['a..b__c', 'a-b-c:latest'],
  ['-edge-', 'edge:latest'],
  ['größe', 'gr-e:latest'],
  ['…', 'image:latest'],
])('%j becomes %s', (name, reference) => {
  expect(imageReference(name)).toBe(reference);
});

test('whatever an output is called, readers take its name', () => {
  fc.assert(
    fc.property(fc.string(), (name) => {
      expect(imageReference(name)).toMatch(/^[a-z0-9]+(?:(?:\.|_|-+)[a-z0-9]+)*:latest$/);
    }),
  );
});
