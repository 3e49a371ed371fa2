import { describe, expect, test } from 'vitest';
import { bytes, bytesChange, count, counted, percent, span } from './numbers.ts';

describe('numbers as people read them', () => {
  test.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1 KB'],
    [17_912_000, '17.9 MB'],
    [999_600, '1 MB'],
    [-1500, '−1.5 KB'],
  ])('%d bytes are %s', (value, text) => expect(bytes(value)).toBe(text));

  test.each([
    [0, '±0 B'],
    [1_200_000, '+1.2 MB'],
    [-300_000, '−300 KB'],
  ])('a change by %d bytes is %s', (value, text) => expect(bytesChange(value)).toBe(text));

  test.each([
    [0, 10, '0 %'],
    [1, 8, '13 %'],
    [1, 250, '0.4 %'],
    [1, 100_000, '< 0.1 %'],
    [99_999, 100_000, '> 99.9 %'],
    [995, 1000, '99.5 %'],
    [10, 10, '100 %'],
    [0, 0, '–'],
  ])('%d of %d is %s', (part, whole, text) => expect(percent(part, whole)).toBe(text));

  test.each([
    [340, '340 ms'],
    [2500, '2.5 s'],
    [59_999, '59 s'],
    [125_000, '2 min 5 s'],
    [3_600_000, '1 h'],
    [273_600_000, '3 d 4 h'],
  ])('%d ms are %s', (ms, text) => expect(span(ms)).toBe(text));

  test('thousands are set apart', () => {
    expect(count(3120)).toBe('3,120');
    expect(counted(1, 'device')).toBe('1 device');
    expect(counted(3120, 'device')).toBe('3,120 devices');
    expect(counted(2, 'query', 'queries')).toBe('2 queries');
  });
});
