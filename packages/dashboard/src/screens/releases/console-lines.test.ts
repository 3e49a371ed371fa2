import { expect, test } from 'vitest';
import { consoleLines, kindOfLine } from './console-lines.ts';

test.each([
  ['one\ntwo\n', ['one', 'two']],
  ['\u001b[2J\u001b[01;01H\u001b[=3hBdsDxe: loading\r\nnext\r\r\n', ['BdsDxe: loading', 'next']],
  ['10 %\r20 %\rdone\n', ['done']],
  ['\u001b[1;31mred\u001b[0m \u0007bell', ['red bell']],
  ['a\n\nb', ['a', '', 'b']],
  ['', []],
])('%j', (text, lines) => expect(consoleLines(text)).toEqual(lines));

test.each([
  ['Kernel panic - not syncing', 'bad'],
  ['[ 5.6] watchdog: did not stop!', 'plain'],
  ['slipway: ready after 5.64s', 'slipway'],
  ['slipway-agent: gate failed: web', 'bad'],
  ['unfailing', 'plain'],
])('%s is %s', (line, kind) => expect(kindOfLine(line)).toBe(kind));
