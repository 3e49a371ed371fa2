import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { openLogIndexes } from './log-index.ts';

const folder = mkdtempSync(join(tmpdir(), 'slipway-log-'));
afterAll(() => rmSync(folder, { recursive: true }));

let number = 0;
const logOf = (text: string): string => {
  const path = join(folder, `${number++}.log`);
  writeFileSync(path, text);
  return path;
};
const at = (second: number): string => new Date(second * 1000).toISOString();
const numbered = (from: number, count: number): string =>
  Array.from({ length: count }, (_, index) => `${at(0)} line ${from + index}\n`).join('');

test('any lines of a long log are read by their numbers, also from its end', async () => {
  const logs = openLogIndexes();
  const path = logOf(numbered(0, 1000));
  for (const [from, limit, first, count] of [
    [0, 3, 0, 3],
    [255, 3, 255, 3],
    [256, 300, 256, 300],
    [998, 10, 998, 2],
    [1000, 10, 1000, 0],
    [-2, 10, 998, 2],
    [-2000, 1, 0, 1],
  ] as const) {
    const { total, from: begins, lines } = await logs.lines(path, from, limit);
    expect([total, begins, lines.length]).toEqual([1000, first, count]);
    expect(lines.map(({ text }) => text)).toEqual(
      Array.from({ length: count }, (_, index) => `line ${first + index}`),
    );
  }
});

test('what is added later is read from where the log ended, a line that is not whole not yet', async () => {
  const logs = openLogIndexes();
  const path = logOf(numbered(0, 300));
  expect(await logs.lines(path, -1, 1)).toMatchObject({ total: 300 });
  appendFileSync(path, `${numbered(300, 300)}${at(0)} half`);
  const grown = await logs.lines(path, -1, 1);
  expect(grown).toMatchObject({ total: 600, lines: [{ text: 'line 599' }] });
  expect(grown.offset).toBe(numbered(0, 600).length);
});

test('lines are found by what they say, not by when', async () => {
  const logs = openLogIndexes();
  const path = logOf(`${at(7)} Fetching\n${at(8)} == 5 % resolving\n${at(9)} FETCHED 1970\n`);
  expect(await logs.matches(path, 'fetch')).toEqual({ total: 2, lines: [0, 2] });
  expect(await logs.matches(path, '1970')).toEqual({ total: 1, lines: [2] });
  expect(await logs.matches(path, 'resolving')).toEqual({ total: 1, lines: [1] });
});

test('steps are those of the last attempt, each until the next or the end', async () => {
  const logs = openLogIndexes();
  const path = logOf(
    [
      `${at(1)} == 0 % reading`,
      `${at(2)} failed: REGISTRY_UNREACHABLE`,
      `${at(3)} == 0 % reading`,
      `${at(4)} == 5 % resolving`,
      '',
    ].join('\n'),
  );
  expect(await logs.steps(path, null)).toEqual([
    { name: 'reading', percent: 0, startedAt: at(3), endedAt: at(4), line: 2 },
    { name: 'resolving', percent: 5, startedAt: at(4), endedAt: null, line: 3 },
  ]);
  expect((await logs.steps(path, at(9))).at(-1)?.endedAt).toBe(at(9));
});

test('a log that is not there yet has no lines', async () => {
  const logs = openLogIndexes();
  const path = join(folder, 'none.log');
  expect(await logs.lines(path, 0, 10)).toEqual({ total: 0, from: 0, lines: [], offset: 0 });
  expect(await logs.matches(path, 'x')).toEqual({ total: 0, lines: [] });
  expect(await logs.steps(path, null)).toEqual([]);
});
