import { expect, test } from 'vitest';
import { parseWaveFile } from './wave-file.ts';

test('a file has waves with times and shares as people write them', () => {
  const text = `waves:
  - name: canary
    devices: [dev-1, dev-2]
    soak: 1h
    approval: true
  - percent: 10
    failure: 2%
    soak: 30m
  - query: attr.site = "berlin"
    failure: 3
    success: 95%
    inFlight: 20
  - count: 100
    failure: 3,2%
  - {}
`;
  expect(parseWaveFile(text, 'waves.yml')).toEqual([
    { name: 'canary', devices: ['dev-1', 'dev-2'], soakSeconds: 3600, approval: true },
    { percent: 10, failure: { percent: 2 }, soakSeconds: 1800 },
    { query: 'attr.site = "berlin"', failure: { count: 3 }, success: { percent: 95 }, maxInFlight: 20 },
    { count: 100, failure: { count: 3, percent: 2 } },
    {},
  ]);
});

test.each([
  [
    'waves:\n  - percent: 10\n    sok: 1h\n',
    'waves.yml:3:5: waves[0].sok: unknown key; did you mean "soak"?',
  ],
  ['waves:\n  - percent: 10\n    soak: 3600\n', 'waves.yml:3:11: waves[0].soak: expected a time such as 90s'],
  ['waves:\n  - percent: 101\n', 'waves.yml:2:14: waves[0].percent: expected a share above 0 %'],
  [
    'waves:\n  - percent: 5\n    failure: [2]\n',
    'waves.yml:3:14: waves[0].failure: expected a share such as 2%',
  ],
  [
    'waves:\n  - percent: 10\n    count: 5\n',
    'waves.yml:3:12: waves[0].count: expected one of devices, percent, count, query: the wave has percent already',
  ],
  ['waves: []\n', 'waves.yml:1:8: waves: expected a list that is not empty'],
  ['', 'waves.yml:1:1: waves: is missing'],
  ['waves:\n  - percent: [\n', 'waves.yml:3:1: '],
])('%j is refused where it is wrong', (text, message) => {
  expect(() => parseWaveFile(text, 'waves.yml')).toThrow(message);
});
