import { expect, test } from 'vitest';
import { keysAt, valuesAt } from './schema-words.ts';

const SCHEMA = {
  type: 'object',
  properties: {
    name: { type: 'string', description: 'Its name.' },
    arch: { type: 'string', enum: ['amd64', 'arm64'] },
    secureBoot: { type: 'boolean' },
    partitions: { type: 'object', properties: { esp: { anyOf: [{ type: 'string' }, { type: 'integer' }] } } },
    services: { type: 'array', items: { $ref: '#/$defs/container' } },
    packages: { type: 'object', additionalProperties: { properties: { install: { type: 'array' } } } },
    agent: { anyOf: [{ const: 'off' }, { type: 'object', properties: { runtime: { const: 'node' } } }] },
  },
  $defs: {
    container: { type: 'object', properties: { image: { type: 'string', description: 'From where.' } } },
  },
};

test('keys of the whole file, with their types and what they are for', () => {
  const keys = keysAt(SCHEMA, []);
  expect(keys.map(({ label }) => label)).toEqual([
    'agent',
    'arch',
    'name',
    'packages',
    'partitions',
    'secureBoot',
    'services',
  ]);
  expect(keys.find(({ label }) => label === 'name')).toEqual({
    label: 'name',
    type: 'text',
    about: 'Its name.',
  });
});

test.each([
  ['of a mapping', ['partitions'], ['esp']],
  ['of an item, by a reference', ['services', '-'], ['image']],
  ['of whatever name', ['packages', 'base'], ['install']],
  ['of one of several shapes', ['agent'], ['runtime']],
  ['of nothing', ['name'], []],
  ['of what is not there', ['wrong', 'x'], []],
])('keys %s', (_what, path, labels) => {
  expect(keysAt(SCHEMA, path).map(({ label }) => label)).toEqual(labels);
});

test.each([
  [['arch'], ['amd64', 'arm64']],
  [['secureBoot'], ['true', 'false']],
  [['agent'], ['off']],
  [['agent', 'runtime'], ['node']],
  [['name'], []],
])('values of %j', (path, labels) => {
  expect(valuesAt(SCHEMA, path).map(({ label }) => label)).toEqual(labels);
});
