import { describe, expect, test } from 'vitest';
import { codeOf, messageOf } from '@slipway/protocol';
import { parseRegistrations } from './registration-file.ts';

const KEY = 'a'.repeat(64);
const HEAD = 'serial,key_sha256,device_id,class,name,tags,attr.site,attr.floor';

test('every column of a row is taken, and what is empty is left out', () => {
  const text = `\u{feff}${HEAD}\r\nSN-1,,gw-1,edge,"Gate ""1"", north","gate north",bremen,3\r\n\r\n,${KEY},,edge,,,,\r\n`;
  expect(parseRegistrations(text)).toEqual([
    {
      line: 2,
      serial: 'SN-1',
      deviceId: 'gw-1',
      deviceClass: 'edge',
      name: 'Gate "1", north',
      tags: ['gate', 'north'],
      attributes: { site: 'bremen', floor: 3 },
    },
    { line: 4, keySha256: KEY, deviceClass: 'edge' },
  ]);
});

test('columns come in any order, and the last line needs no end', () => {
  expect(parseRegistrations('class,serial\nedge,A')).toEqual([{ line: 2, serial: 'A', deviceClass: 'edge' }]);
  expect(parseRegistrations('serial,class,tags\nA,edge,')).toEqual([
    { line: 2, serial: 'A', deviceClass: 'edge' },
  ]);
});

describe('refused with the line', () => {
  test.each([
    ['', 'line 1: expected names of columns'],
    ['serial,clas\nA,edge\n', 'line 1: expected names of columns, class and others of'],
    ['serial,class\n', 'line 1: expected devices after it, found none'],
    ['serial,class\nA\n', 'line 2: expected 2 values, found 1'],
    ['serial,class\nA,edge\n,edge\n', 'line 3: expected serial or keySha256'],
    ['serial,class\n"A,edge\n', 'line 2: a quote is not closed'],
    ['serial,class\n"A"b,edge\n', 'line 2: expected a comma after "A"'],
    ['serial,class,name\nA,edge,"two\nlines"\nB,Edge,b\n', 'line 4: deviceClass:'],
  ])('%j', (text, message) => {
    const error: unknown = (() => {
      try {
        return parseRegistrations(text);
      } catch (thrown) {
        return thrown;
      }
    })();
    expect([codeOf(error), messageOf(error)]).toEqual(['IMPORT_INVALID', expect.stringContaining(message)]);
  });

  test('every one of them', () => {
    const work = (): unknown => parseRegistrations('serial,class\nA,EDGE\nB,edge\nC,x_\n');
    expect(work).toThrow(/line 2: deviceClass.*\nline 4: deviceClass/);
  });
});
