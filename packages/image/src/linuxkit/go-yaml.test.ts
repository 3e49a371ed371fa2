import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { encodeGoYaml } from './go-yaml.ts';

/** As `gopkg.in/yaml.v2` 2.4.0 wrote these words in a list. */
const WORDS = String.raw`
A=1
B=yes
'C: x'
"yes"
"no"
"y"
"on"
"1"
"1_000"
"0x1f"
"0o7"
"1e3"
".inf"
"~"
"null"
'#a'
'- b'
'-'
'--- x'
'a: b'
'a #b'
' lead'
'trail '
""
'a:'
:a
'[x]'
'{x}'
'*x'
'!x'
'%x'
'"q"'
'''q'''
it's
a"b
'?'
'|'
"2001-01-01"
é
"a\tb"
root:$6$abc:0:0
/etc:/etc
x,y
"true"
"+1"
\n
a\b
`.trim();

test('words are quoted where Go quotes them, and as it does', () => {
  const lines = WORDS.split('\n').map((word) => `- ${word}\n`);
  const words = z.array(z.string()).parse(parse(lines.join(''), { version: '1.1' }));
  expect(encodeGoYaml(words)).toBe(lines.join(''));
});

test('more than one line is a block, unless it has what a block cannot hold', () => {
  expect(encodeGoYaml({ a: 'one\n  two: x\n', b: 'one\ntwo', c: 'one\n\n', d: '\ttab\n', e: 'cr\r\n' }))
    .toBe(`a: |
  one
    two: x
b: |-
  one
  two
c: |+
  one

d: "\\ttab\\n"
e: "cr\\r\\n"
`);
});

test('lists are not indented, empty ones stand in their line', () => {
  expect(encodeGoYaml({ a: [{ b: 1, c: ['x'] }], d: [], e: {}, f: true })).toBe(
    'a:\n- b: 1\n  c:\n  - x\nd: []\ne: {}\nf: true\n',
  );
});
