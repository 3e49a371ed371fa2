import { expect, test } from 'vitest';
import { describeFields } from './described.ts';
import { FIELD_NAMES } from './fields.ts';
import { parseQuery } from './parse.ts';

const fields = describeFields({
  classes: ['edge'],
  channels: ['stable'],
  versions: ['1.2.3'],
  agents: ['1.0.0'],
  timeZones: ['Europe/Vienna'],
  tags: ['canary'],
  groups: ['lab'],
  services: ['web'],
  attributes: new Map([['site', ['bremen']]]),
});

test('every field of the language is described, but for other words for the same', () => {
  const heads = new Set(fields.map(({ name }) => name.split('.')[0]));
  const others = ['tags', 'alarms', 'groups'];
  const wanted = FIELD_NAMES.map((name) => name.split('.')[0] ?? name);
  expect(wanted.filter((name) => !heads.has(name) && !others.includes(name))).toEqual([]);
});

test('each is compared by its operators with its values, as a query has it', () => {
  // Some attribute is text, and compared by < with a number.
  const valueOf = (values: readonly string[], operator: string): string =>
    operator.startsWith('<') || operator.startsWith('>') ? '1' : (values[0] ?? '1');
  for (const { name, operators, values, kind } of fields) {
    if (name.endsWith('.')) continue;
    for (const operator of operators) {
      const value = kind === 'attribute' ? valueOf(values, operator) : (values[0] ?? '1');
      expect(parseQuery(`${name} ${operator} ${operator === 'in' ? `(${value})` : value}`).kind).not.toBe(
        'all',
      );
    }
  }
});
