import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MAX_QUERY_LENGTH, SlipwayError } from '@slipway/protocol';
import { z } from 'zod';
import { MAX_QUERY_DEPTH, MAX_QUERY_TESTS, parsePackageQuery, parseQuery } from './parse.ts';

const refusal = (query: string, parse: (text: string) => unknown = parseQuery): SlipwayError => {
  try {
    parse(query);
  } catch (error) {
    if (error instanceof SlipwayError) return error;
    throw error;
  }
  throw new Error(`${query} was taken`);
};
const Place = z.object({ line: z.int().min(1), column: z.int().min(1), length: z.int().min(1) });

const inPackage = (type: string | null, name: string, wanted: unknown) => ({
  kind: 'package',
  field: { kind: 'package', type, name },
  wanted,
});

describe('what a query means', () => {
  test.each<[string, unknown]>([
    ['', { kind: 'all' }],
    [' \n\t', { kind: 'all' }],
    ['online', { kind: 'flag', field: { kind: 'flag', name: 'online' } }],
    ['online = false', { kind: 'not', of: { kind: 'flag', field: { kind: 'flag', name: 'online' } } }],
    ['class = edge-arm64', { kind: 'text', field: { kind: 'text', name: 'class' }, values: ['edge-arm64'] }],
    [
      `name = "a \\"b\\" \\\\ 'c'"`,
      { kind: 'text', field: { kind: 'text', name: 'name' }, values: [`a "b" \\ 'c'`] },
    ],
    [
      'slot != a',
      { kind: 'not', of: { kind: 'text', field: { kind: 'text', name: 'slot' }, values: ['a'] } },
    ],
    [
      'tags not in (a, "b",c)',
      { kind: 'not', of: { kind: 'text', field: { kind: 'tag' }, values: ['a', 'b', 'c'] } },
    ],
    [
      'version<2.3.0-rc.1',
      { kind: 'version', field: { kind: 'version', name: 'version' }, order: '<', value: '2.3.0-rc.1' },
    ],
    [
      'metric.memory_free<1.5MiB',
      { kind: 'number', field: { kind: 'metric', name: 'memory_free' }, order: '<', value: 1_572_864 },
    ],
    [
      'metric.disk_used >= 90%',
      { kind: 'number', field: { kind: 'metric', name: 'disk_used' }, order: '>=', value: 90 },
    ],
    [
      'metric.uptime > 2h',
      { kind: 'number', field: { kind: 'metric', name: 'uptime' }, order: '>', value: 7200 },
    ],
    [
      'last_seen > 7d ago',
      {
        kind: 'time',
        field: { kind: 'time', name: 'last_seen' },
        order: '>',
        moment: { ageMs: 604_800_000 },
      },
    ],
    [
      'enrolled >= 2026-02-01T01:00+02:00',
      {
        kind: 'time',
        field: { kind: 'time', name: 'enrolled' },
        order: '>=',
        moment: { at: Date.UTC(2026, 0, 31, 23) },
      },
    ],
    ['attr.floor = 3', { kind: 'attribute', field: { kind: 'attribute', key: 'floor' }, values: [3] }],
    ['attr.floor = "3"', { kind: 'attribute', field: { kind: 'attribute', key: 'floor' }, values: ['3'] }],
    [
      'attr.a.b in (true, x)',
      { kind: 'attribute', field: { kind: 'attribute', key: 'a.b' }, values: [true, 'x'] },
    ],
    [
      'attr.floor > -1e3',
      { kind: 'number', field: { kind: 'attribute', key: 'floor' }, order: '>', value: -1000 },
    ],
    ['has attr.site', { kind: 'set', field: { kind: 'attribute', key: 'site' } }],
    [
      'last_seen is not set',
      { kind: 'not', of: { kind: 'set', field: { kind: 'time', name: 'last_seen' } } },
    ],
    ['alarm = hot', { kind: 'alarm', values: ['hot'] }],
    ['group = berlin', { kind: 'group', group: 'berlin', span: { offset: 8, length: 6 } }],
    ['has package.libstdc++6', inPackage(null, 'libstdc++6', { kind: 'any' })],
    ['not package.@scope/name is set', { kind: 'not', of: inPackage(null, '@scope/name', { kind: 'any' }) }],
    ['package.openssl < 3.5.8', inPackage(null, 'openssl', { kind: 'order', order: '<', version: '3.5.8' })],
    [
      'package.deb:openssl >= "1:3.5.8~rc1-1"',
      inPackage('deb', 'openssl', { kind: 'order', order: '>=', version: '1:3.5.8~rc1-1' }),
    ],
    [
      'package.go:github.com/x/y/v2 != v2.0.0+incompatible',
      {
        kind: 'not',
        of: inPackage('golang', 'github.com/x/y/v2', {
          kind: 'order',
          order: '=',
          version: 'v2.0.0+incompatible',
        }),
      },
    ],
    [
      'package.npm:zod ~ 4.*',
      inPackage('npm', 'zod', { kind: 'like', pattern: [{ text: '4' }, { text: '.' }, 'any'] }),
    ],
    [
      'service.web ~ re*\\?',
      {
        kind: 'glob',
        field: { kind: 'service', key: 'web' },
        pattern: [{ text: 'r' }, { text: 'e' }, 'any', { text: '?' }],
      },
    ],
  ])('%s', (query, ast) => {
    expect(parseQuery(query)).toEqual(ast);
  });

  const flag = (name: string) => ({ kind: 'flag', field: { kind: 'flag', name } });
  const [a, b] = [flag('online'), flag('revoked')];
  test.each<[string, unknown]>([
    ['not online and revoked', { kind: 'and', of: [{ kind: 'not', of: a }, b] }],
    ['online or revoked and online', { kind: 'or', of: [a, { kind: 'and', of: [b, a] }] }],
    ['online and revoked or online', { kind: 'or', of: [{ kind: 'and', of: [a, b] }, a] }],
    ['online AND (revoked Or online)', { kind: 'and', of: [a, { kind: 'or', of: [b, a] }] }],
    ['not (online or revoked)', { kind: 'not', of: { kind: 'or', of: [a, b] } }],
    ['not not online', { kind: 'not', of: { kind: 'not', of: a } }],
    ['online and\nrevoked and online', { kind: 'and', of: [a, b, a] }],
  ])('and binds closer than or, not closer than both: %s', (query, ast) => {
    expect(parseQuery(query)).toEqual(ast);
  });
});

describe('what is refused', () => {
  test.each<[query: string, place: string, why: string]>([
    ['clas = x', '1:1+4', 'Did you mean class?'],
    ['class = a and metrik.cpu_temp > 3', '1:15+15', 'Did you mean metric.cpu_temp?'],
    ['metric:cpu_temp > 3', '1:1+15', 'Did you mean metric.cpu_temp?'],
    ['metric.cpu_tmp > 3', '1:1+14', 'Did you mean metric.cpu_temp?'],
    ['metric. > 3', '1:1+7', 'metric.NAME'],
    ['attr.Site = x', '1:1+9', 'lower-case letter'],
    ['frobnicate', '1:1+10', 'Fields are id, name'],
    ['class', '1:6+1', 'expected = != ~, in (…) or is set after class, found the end'],
    ['last_seen', '1:10+1', 'expected < <= > >= or is set'],
    ['class =', '1:8+1', 'expected a value for class, found the end'],
    ['class = and', '1:9+3', 'put it in quotes'],
    ['class < a', '1:7+1', 'class is compared with = != ~'],
    ['online ~ t*', '1:8+1', 'online is compared with = !='],
    ['online = yes', '1:10+3', 'Expected true, false'],
    ['class == a', '1:7+2', 'expected =, found =='],
    ['class <> a', '1:7+2', 'expected !=, found <>'],
    ['!online', '1:1+1', 'expected not'],
    ['class !~ a', '1:7+2', 'expected ~'],
    ['online && revoked', '1:8+2', 'Write and.'],
    ['(online || revoked)', '1:9+2', 'Write or.'],
    ['class like a', '1:7+4', 'Write ~.'],
    ['online revoked', '1:8+7', 'expected and, or, or the end'],
    ['online and', '1:11+1', 'expected a field, not or (, found the end'],
    ['(online', '1:8+1', 'for the ( at column 1'],
    ['online\nand (\n  revoked', '3:10+1', 'for the ( at column 5'],
    ['online)', '1:7+1', 'there is no ( for this'],
    ['"class" = a', '1:1+7', 'expected a field'],
    ['class = "a', '1:9+1', 'the quote to be closed'],
    ['class = "a\\n"', '1:11+2', 'found \\n'],
    ['class ~ a\\', '1:9+2', 'character after the \\'],
    ['class in a', '1:10+1', 'expected ( after in'],
    ['class in (a b)', '1:13+1', 'expected , or )'],
    ['class in ()', '1:11+1', 'expected a value for class'],
    ['class not = a', '1:11+1', 'expected in after not'],
    ['online in (true)', '1:8+2', 'not compared with in'],
    ['last_seen in (7d)', '1:11+2', 'not compared with in'],
    ['health is ok', '1:11+2', 'write health = VALUE'],
    ['has online', '1:5+6', 'always set'],
    ['has group', '1:5+5', 'group = NAME'],
    ['group ~ a*', '1:7+1', 'group is compared with = !='],
    ['health = okay', '1:10+4', 'Expected starting, ok, failed'],
    ['health = faild', '1:10+5', 'Did you mean failed?'],
    ['arch = x86', '1:8+3', 'Expected amd64, arm64'],
    ['service.web = runing', '1:15+6', 'Did you mean running?'],
    ['alarm = ofline', '1:9+6', 'Did you mean offline?'],
    ['tag = Ä', '1:7+1', 'no tag can be'],
    ['version < 2.3', '1:11+3', 'write 2.3.0, for any of them version ~ 2.3.*'],
    ['version < 2', '1:11+1', 'write 2.0.0'],
    ['version = v2.3.0', '1:11+6', 'a semantic version'],
    ['metric.cpu_temp > hot', '1:19+3', 'degrees Celsius'],
    ['metric.load > 1e999', '1:15+5', 'expected a number'],
    ['metric.memory_free < 10XB', '1:22+4', 'MiB'],
    ['metric.load = "3"', '1:15+3', 'expected a number'],
    ['attr.floor < x', '1:14+1', 'with a number'],
    ['last_seen < 7', '1:13+1', 'an age such as'],
    ['last_seen < 900000d', '1:13+7', 'an age such as'],
    ['enrolled > 2026-02-30', '1:12+10', 'a time such as'],
    ['enrolled > 2026-02-03T25:00Z', '1:12+17', 'a time such as'],
    ['enrolled > 2026-02-03 ago', '1:23+3', 'not after a time'],
    ['package. < 1', '1:1+8', 'package.NAME'],
    ['package.openssl', '1:16+1', 'after package.openssl, found the end'],
    ['package.rpm:openssl < 3', '1:1+19', 'there are no packages of type rpm'],
    ['package.dev:openssl < 3', '1:1+19', 'Did you mean deb?'],
    ['package.deb: < 3', '1:1+12', 'the name of a package after deb:'],
    ['package.openssl < latest', '1:19+6', 'a version such as'],
    ['package.openssl < 3.5.8~rc1', '1:24+1', 'expected and, or, or the end'],
    ['class = a\u0000', '1:10+1', 'control characters'],
    ['class = \ud800', '1:9+1', 'control characters'],
    ['name = "😀😀" und', '1:13+3', 'expected and'],
  ])('%s', (query, place, why) => {
    const error = refusal(query);
    const { line, column, length } = Place.parse(error.details);
    expect([error.code, `${line}:${column}+${length}`]).toEqual(['QUERY_INVALID', place]);
    expect(error.message).toContain(why);
  });

  test('the message shows the line with a caret below what is wrong', () => {
    expect(refusal('class = a\nand metric.cpu_temp > hot and online').message).toBe(
      [
        'Line 2, column 23: expected a number after metric.cpu_temp, found "hot". It counts in degrees Celsius; ' +
          'right after the number may stand C, °C.',
        '  and metric.cpu_temp > hot and online',
        '                        ^^^',
      ].join('\n'),
    );
  });

  test('of a long line only the part around it is shown', () => {
    const query = `${'online and '.repeat(50)}wrong and ${'online and '.repeat(50)}online`;
    const [, shown = '', caret = ''] = refusal(query).message.split('\n');
    expect(shown.length).toBeLessThan(120);
    expect(shown.slice(caret.indexOf('^'), caret.lastIndexOf('^') + 1)).toBe('wrong');
  });

  test('what is too long, too deep or too much', () => {
    expect(refusal(`name = "${'x'.repeat(MAX_QUERY_LENGTH)}"`).code).toBe('QUERY_INVALID');
    const nested = (depth: number): string => `${'('.repeat(depth)}online${')'.repeat(depth)}`;
    expect(parseQuery(nested(MAX_QUERY_DEPTH - 1)).kind).toBe('flag');
    expect(refusal(nested(MAX_QUERY_DEPTH)).message).toContain('within each other');
    expect(refusal(`${'not '.repeat(MAX_QUERY_DEPTH)}online`).message).toContain('within each other');
    const many = (count: number): string => Array.from({ length: count }, () => 'online').join(' or ');
    expect(parseQuery(many(MAX_QUERY_TESTS)).kind).toBe('or');
    expect(refusal(many(MAX_QUERY_TESTS + 1)).message).toContain('at most');
    expect(
      refusal(`tag in (${Array.from({ length: MAX_QUERY_TESTS + 1 }, () => 'a').join(',')})`).message,
    ).toContain('at most');
  });
});

const WORDS =
  `class tag metric.cpu_temp attr.x group and or not in has is set ago = != < ~ ( ) , " ' \\ 7d 1.2.3 5`.split(
    ' ',
  );

test('any text is a query, or refused at a place within it', () => {
  const piece = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 6 }),
    fc.string({ unit: 'binary', maxLength: 3 }),
    fc.constantFrom(...WORDS),
  );
  const isTakenOrPlaced = (query: string): boolean => {
    try {
      parseQuery(query);
      return true;
    } catch (error) {
      if (!(error instanceof SlipwayError) || error.code !== 'QUERY_INVALID') throw error;
      const { line, column } = Place.parse(error.details);
      const text = query.split('\n')[line - 1];
      return text !== undefined && column <= Array.from(text).length + 1;
    }
  };
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), fc.constantFrom('', ' ', '\n'), (pieces, space) => {
      expect(isTakenOrPlaced(pieces.join(space))).toBe(true);
    }),
    { numRuns: 3000 },
  );
});

describe('what is asked about a package', () => {
  test.each([
    ['openssl', 'has package.openssl'],
    ['  deb:openssl<3.5.8 ', 'package.deb:openssl<3.5.8'],
    ['@scope/name ~ 4.*', 'package.@scope/name ~ 4.*'],
    ['libstdc++6 = "12~1"', 'package.libstdc++6 = "12~1"'],
  ])('%s is asked of devices by %s', (text, query) => {
    const asked = parsePackageQuery(text);
    expect(asked.query).toBe(query);
    expect(parseQuery(query)).toEqual(asked.test);
  });

  test.each([
    ['', '1:1+1', 'the name of a package, found the end'],
    ['openssl 3.5.8', '1:9+5', 'expected = < <= > >= ~ or the end'],
    ['openssl != 3.5.8', '1:9+2', 'expected = < <= > >= ~'],
    ['openssl < 3 and zlib < 1', '1:13+3', 'One package is asked about at a time'],
    ['pypi:x = 1', '1:1+6', 'no packages of type pypi'],
  ])('%s is refused', (text, place, why) => {
    const error = refusal(text, parsePackageQuery);
    const { line, column, length } = Place.parse(error.details);
    expect(`${line}:${column}+${length}`).toBe(place);
    expect(error.message).toContain(why);
  });
});
