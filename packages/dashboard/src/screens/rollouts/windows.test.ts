import { expect, test } from 'vitest';
import { windowText } from './windows.ts';

test.each([
  [{ from: '02:00', to: '04:00' }, 'daily 02:00–04:00'],
  [{ days: [5, 1, 2, 3, 4], from: '02:00', to: '04:00' }, 'Mon–Fri 02:00–04:00'],
  [{ days: [6, 7], from: '22:00', to: '05:00' }, 'Sat, Sun 22:00–05:00 (next day)'],
  [{ days: [1, 3, 4, 5], from: '01:00', to: '01:00' }, 'Mon, Wed–Fri 01:00–01:00 (next day)'],
])('%j is %s', (window, text) => expect(windowText(window)).toBe(text));
