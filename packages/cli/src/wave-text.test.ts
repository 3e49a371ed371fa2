import { expect, test } from 'vitest';
import { parseWave } from './wave-text.ts';

test.each([
  [
    'canary: device=dev-1, dev-2; soak=1h; approval',
    { name: 'canary', devices: ['dev-1', 'dev-2'], soakSeconds: 3600, approval: true },
  ],
  ['10%; failure=2%; soak=30m', { percent: 10, failure: { percent: 2 }, soakSeconds: 1800 }],
  ['first few: 25', { name: 'first few', count: 25 }],
  ['25 devices; in-flight=5', { count: 25, maxInFlight: 5 }],
  ['percent=12.5; success=95%', { percent: 12.5, success: { percent: 95 } }],
  ['count=3;failure=3,2%', { count: 3, failure: { count: 3, percent: 2 } }],
  ['query=site = "berlin; mitte"; soak=1d', { query: 'site = "berlin; mitte"', soakSeconds: 86_400 }],
  [`query=name ~ "it\\";s *" and tag = 'a;b'`, { query: `name ~ "it\\";s *" and tag = 'a;b'` }],
  ['late: query=enrolled < 2026-01-31T14:00Z', { name: 'late', query: 'enrolled < 2026-01-31T14:00Z' }],
  ['query=enrolled < 2026-01-31T14:00Z', { query: 'enrolled < 2026-01-31T14:00Z' }],
  ['rest', {}],
  ['everybody else: rest; approval;', { name: 'everybody else', approval: true }],
])('%s', (text, wave) => {
  expect(parseWave(text)).toEqual(wave);
});

test.each([
  ['', 1, 'expected NAME: WHO; SETTING'],
  ['canary:', 1, 'expected NAME: WHO; SETTING'],
  ['0%', 1, 'expected a share above 0 %'],
  ['10%; 20%', 6, 'percent is said twice'],
  ['10%; count=3', 6, 'the wave is for 10% already. A query can ask'],
  ['rest; device=dev-1', 7, 'the wave is for rest already'],
  ['10%; sok=1h', 6, 'no wave has "sok". Did you mean soak?'],
  ['10%; soak=1 hour', 11, 'expected a time such as 90s'],
  ['10%; soak=', 6, 'expected a time such as 90s'],
  ['10%; failure = 0', 16, 'expected a share such as 2%, a number such as 3'],
  ['10%; failure=2%,3%', 14, 'expected a share such as 2%, a number such as 3'],
  ['device=dev-1,,dev-2', 8, 'expected ids of devices'],
  ['10%; approval=yes', 15, 'expected approval alone'],
  ['canary', 1, 'no wave has "canary"'],
  ['10%; __proto__=1', 6, 'no wave has "__proto__"'],
])('%j is refused at column %d', (text, column, message) => {
  expect(() => parseWave(text)).toThrow(
    expect.objectContaining({
      code: 'USAGE',
      message: expect.stringContaining(`--wave, column ${column}: ${message}`),
      details: { column },
    }),
  );
});

test('the place is shown', () => {
  expect(() => parseWave('10%; sok=1h')).toThrow('\n  10%; sok=1h\n       ^^^');
});
