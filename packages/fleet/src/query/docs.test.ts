import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ALARMS } from './alarms.ts';
import { FIELD_NAMES } from './fields.ts';
import { METRICS } from './metrics.ts';
import { parseQuery } from './parse.ts';

const page = readFileSync(new URL('../../../../docs/queries.md', import.meta.url), 'utf8');
const cells = page
  .split('\n')
  .filter((line) => line.startsWith('| '))
  .map((line) => line.split('|').map((cell) => cell.trim()));

test('every query that docs/queries.md shows is one', () => {
  const shown = [...page.matchAll(/```query\n(.*?)```/gs)].flatMap(([, text = '']) =>
    text.trim().split('\n'),
  );
  expect(shown.length).toBeGreaterThan(5);
  for (const query of shown) expect(parseQuery(query).kind).not.toBe('all');
});

test('docs/queries.md has every field', () => {
  const named = new Set(
    cells.flatMap(([, first = '']) => [...first.matchAll(/`([^`]+)`/g)].map(([, name]) => name)),
  );
  expect(FIELD_NAMES.filter((name) => !named.has(name))).toEqual([]);
});

test('docs/queries.md has every metric and alarm as the code has it', () => {
  const rows = cells.map((row) => row.slice(1, -1));
  for (const [name, { unit, meaning }] of Object.entries(METRICS))
    expect(rows).toContainEqual([`\`metric.${name}\``, unit, meaning]);
  for (const [name, { meaning }] of Object.entries(ALARMS))
    expect(rows).toContainEqual([`\`${name}\``, meaning]);
});
