import { parseImageFiles, parseClassFile } from '@slipway/image-spec';
import { WholeChainArch, codeOf } from '@slipway/protocol';
import { describe, expect, test } from 'vitest';
import { CASE_NAMES, CASES } from './cases.ts';
import { classFile, imageFile } from './image-file.ts';
import { parseBadSlotOptions } from './options.ts';
import { planChains } from './plan.ts';
import { renderResults, type Row } from './results.ts';

const everything = parseBadSlotOptions([]);
const row = (change: Partial<Row> = {}): Row => ({
  case: 'panic',
  arch: 'amd64',
  slot: 'b',
  secureBoot: false,
  ok: true,
  code: 'TRIAL_PANIC',
  seconds: 12.4,
  logLength: 1,
  ...change,
});

describe('planChains', () => {
  test('every case goes into either slot on either architecture, once', () => {
    const planned = planChains(everything, []).flatMap(({ place, cases }) =>
      cases.map((name) => `${name} ${place.arch} ${place.slot}`),
    );
    expect(new Set(planned).size).toBe(CASE_NAMES.length * 4);
    expect(planned).toHaveLength(CASE_NAMES.length * 4);
  });

  test('cases that only Secure Boot finds fault with go to devices that have it, the others do not', () => {
    for (const { secureBoot, cases } of planChains(everything, []))
      for (const name of cases) expect(name === 'unsigned-uki').toBe(secureBoot);
  });

  test('what ended well before is left out, what failed is not', () => {
    const wanted = parseBadSlotOptions([
      '--case',
      'panic',
      '--case',
      'hang',
      '--arch',
      'amd64',
      '--slot',
      'b',
    ]);
    const done = [row(), row({ case: 'hang', ok: false }), row({ case: 'hang', arch: 'arm64' })];
    expect(planChains(wanted, done)).toEqual([
      { place: { arch: 'amd64', slot: 'b' }, secureBoot: false, cases: ['hang'], update: true },
    ]);
  });
});

test.each([[['--case', 'lightning']], [['--slot', 'c']], [['--jobs', '0']], [['--unknown']], [['word']]])(
  '%j: USAGE',
  (args) => {
    let code = 'none';
    try {
      parseBadSlotOptions(args);
    } catch (error) {
      code = codeOf(error);
    }
    expect(code).toBe('USAGE');
  },
);

test('the table tells failed cases apart, with what went wrong', () => {
  const text = renderResults([
    row(),
    row({ slot: 'a', ok: false, code: null, error: 'slot on the console: expected b, found a' }),
  ]);
  expect(text).toMatch(/^panic\s+TRIAL_PANIC 12 s\s+FAILED\s+–\s+–$/m);
  expect(text).toContain('panic amd64 a: slot on the console: expected b, found a');
  expect(text).toContain('1 of 2 as expected');
});

describe('the image files', () => {
  test.each(CASES.map(({ name, fault }) => [name, fault] as const))('%s is a valid one', (_, fault) => {
    const spec = parseImageFiles([{ name: 'campaign.yml', text: imageFile('1.2.3', fault) }]);
    expect(spec.services.some(({ name }) => name === 'web')).toBe(true);
  });

  test.each(WholeChainArch.options)('%s has a class with Secure Boot', (arch) => {
    expect(parseClassFile(classFile(arch, true), 'classes/c.yml')).toMatchObject({
      arch,
      secureBoot: true,
      outputs: ['disk'],
    });
    expect(parseClassFile(classFile(arch, false), 'classes/c.yml').outputs).toEqual([]);
  });
});
