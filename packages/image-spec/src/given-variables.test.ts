import { codeOf, messageOf } from '@slipway/protocol';
import { expect, test } from 'vitest';
import { declaredVariables, givenValues, parseGivenVariables, refuseUndeclared } from './given-variables.ts';

const DECLARED = declaredVariables([
  { name: 'a.yml', text: 'variables: { site: nowhere, deadline: 60, debug: false, release: }\n' },
  { name: 'plain.yml', text: 'onboot: []\n' },
]);
const file = (text: string) => ({ name: 'here.yml', text });
const refused = (work: () => unknown): string => {
  try {
    work();
    return 'nothing';
  } catch (error) {
    return `${codeOf(error)}: ${messageOf(error)}`;
  }
};

test.each([
  ['site=7', { site: '7' }],
  ['site=a=b c', { site: 'a=b c' }],
  ['site=', { site: '' }],
  ['deadline=90', { deadline: 90 }],
  ['deadline=soon', { deadline: 'soon' }],
  ['debug=true', { debug: true }],
  ['debug=1', { debug: '1' }],
  ['release=1.0', { release: '1.0' }],
  ['release=3', { release: 3 }],
])('%s is of the kind of what is declared', (word, values) => {
  const given = parseGivenVariables(undefined, [word]);
  refuseUndeclared(given, DECLARED);
  expect(givenValues(given, DECLARED)).toStrictEqual(values);
});

test('a file keeps kinds as YAML has them; words go before it, the last of one name first', () => {
  const given = parseGivenVariables(file('site: "7"\nrelease: 7\n'), ['site=a', 'site=b']);
  expect(givenValues(given, DECLARED)).toStrictEqual({ site: 'b', release: 7 });
  expect(givenValues(given, { release: null })).toStrictEqual({ release: 7 });
});

test.each([
  ['no value', undefined, ['site'], 'USAGE: --set site: expected NAME=VALUE'],
  [
    'a name that nobody declares',
    undefined,
    ['sites=a'],
    'USAGE: --set sites: no image file declares the variable sites; did you mean "site"?; declared: site, deadline, debug, release',
  ],
  [
    'a name in the file that nobody declares',
    'site: a\nrelase: b\n',
    [],
    'SPEC_INVALID: here.yml:2:9: relase: no image file declares the variable relase; did you mean "release"?',
  ],
  [
    'a list in the file',
    'site: [a]\n',
    [],
    'here.yml:1:7: site: expected a text, a number, or true or false',
  ],
  ['a file that is no YAML', 'site: [\n', [], 'SPEC_SYNTAX: here.yml:2:1'],
])('%s is refused', (_what, text, words, message) => {
  const work = (): void =>
    refuseUndeclared(parseGivenVariables(text === undefined ? undefined : file(text), words), DECLARED);
  expect(refused(work)).toContain(message);
});
