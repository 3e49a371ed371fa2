import { assert, property, string } from 'fast-check';
import { expect, test } from 'vitest';
import { parseChallenges } from './challenge.ts';

const parse = (header: string) =>
  parseChallenges(header).map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)]);

test.each([
  ['', []],
  ['Basic realm="x"', [['basic', { realm: 'x' }]]],
  [
    'Bearer realm="https://auth.example.com/token?a=b,c",service="reg",scope="repository:a/b:pull,push"',
    [
      [
        'bearer',
        { realm: 'https://auth.example.com/token?a=b,c', service: 'reg', scope: 'repository:a/b:pull,push' },
      ],
    ],
  ],
  [
    'Negotiate, Basic realm=plain',
    [
      ['negotiate', {}],
      ['basic', { realm: 'plain' }],
    ],
  ],
  [
    'BASIC Realm = "a \\"b\\"" , Bearer realm="y"',
    [
      ['basic', { realm: 'a "b"' }],
      ['bearer', { realm: 'y' }],
    ],
  ],
  [
    'Bearer realm="never closed',
    [
      ['bearer', {}],
      ['realm', {}],
    ],
  ],
])('%s', (header, expected) => {
  expect(parse(header)).toEqual(expected);
});

test('whatever a server sends comes to an end', () => {
  assert(
    property(string({ maxLength: 200 }), (header) => {
      expect(parseChallenges(header).length).toBeLessThanOrEqual(header.length);
    }),
  );
});
