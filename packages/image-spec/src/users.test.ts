import { codeOf } from '@slipway/protocol';
import { expect, test } from 'vitest';
import { thrownBy } from './fixture/thrown-by.ts';
import { parseImageFiles } from './parse-image.ts';
import { requireKernel } from './require-kernel.ts';
import { numberUsers, userNumber } from './users.ts';

const named = (...names: string[]) => names.map((name) => ({ name, image: 'x' }));

test('containers are numbered from 100 over the sections, and the last of a name has it', () => {
  const users = numberUsers({
    onboot: named('a', 'b', 'a'),
    onshutdown: named('c'),
    services: named('d', 'b'),
  });
  expect(Object.fromEntries(users)).toEqual({ a: 102, c: 103, d: 104, b: 105 });
});

test.each([
  [undefined, 0],
  ['', 0],
  ['root', 0],
  [0, 0],
  [1000, 1000],
  ['web', 100],
])('%j is user %i', (id, number) => {
  expect(userNumber(id, new Map([['web', 100]]), 'here')).toBe(number);
});

test('a name that no container has is refused', () => {
  const error = thrownBy(() => userNumber('wed', new Map([['web', 100]]), 'services[0].uid'));
  expect(error.code).toBe('SPEC_INVALID');
  expect(error.message).toBe(
    'services[0].uid: expected a number or the name of a container, found "wed"; did you mean "web"?; allowed: root, web',
  );
});

test('who needs a kernel asks for it', () => {
  const parse = (text: string) => parseImageFiles([{ name: 'a.yml', text }]);
  expect(requireKernel(parse('kernel: {image: linuxkit/kernel}'), 'a.yml').image).toBe('linuxkit/kernel');
  const error = thrownBy(() => requireKernel(parse('init: []'), 'a.yml'));
  expect(codeOf(error)).toBe('SPEC_INVALID');
  expect(error.details).toEqual({ file: 'a.yml', key: 'kernel' });
});
