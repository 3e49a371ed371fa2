import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SlipwayError } from '@slipway/protocol';
import { assert, constantFrom, nat, property } from 'fast-check';
import { expect, test } from 'vitest';
import { formatSpec } from './format-spec.ts';
import { parseImageFiles } from './parse-image.ts';

const folder = join(import.meta.dirname, 'fixture', 'linuxkit');
const texts = readdirSync(folder)
  .filter((name) => name.endsWith('.yml'))
  .map((name) => readFileSync(join(folder, name), 'utf8'));

const insertions = constantFrom(
  '',
  ' ',
  '\n',
  '\t',
  '- ',
  ': ',
  '{',
  '}',
  '[',
  ']',
  '"',
  "'",
  '#',
  '&a ',
  '*a',
  '<<: ',
  '!!binary ',
  '? ',
  '|\n',
  '\0',
  '\ufeff',
  '😀',
  '---\n',
  '0',
  '-1',
  '1e400',
  'null',
  'true',
  '@sha256:',
  ':',
  '/',
  '__proto__: 1\n',
);

const parse = (text: string) => parseImageFiles([{ name: 'a.yml', text }], { paths: 'working-directory' });

const CODES: readonly string[] = ['SPEC_SYNTAX', 'SPEC_INVALID', 'COMPONENT_REF_INVALID'];

const verdict = (text: string): string => {
  let once;
  try {
    once = formatSpec(parse(text));
  } catch (error) {
    if (!(error instanceof SlipwayError) || !CODES.includes(error.code)) throw error;
    return /^a\.yml:\d+:\d+: /.test(error.message) ? 'an error with a place' : error.message;
  }
  return formatSpec(parse(once)) === once ? 'an image' : `an image that reads back as another: ${once}`;
};

test('a file that a slip of the pen has changed is an image, or an error with a place in it', () => {
  assert(
    property(constantFrom(...texts), nat(), nat({ max: 20 }), insertions, (text, at, removed, inserted) => {
      const index = at % text.length;
      const changed = text.slice(0, index) + inserted + text.slice(index + removed);
      expect(['an image', 'an error with a place']).toContain(verdict(changed));
    }),
    { numRuns: 200 },
  );
});
