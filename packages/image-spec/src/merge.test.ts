import { describe, expect, test } from 'vitest';
import { thrownBy } from './fixture/thrown-by.ts';
import { parseImageFiles } from './parse-image.ts';

const merge = (...files: object[]) =>
  parseImageFiles(files.map((file, index) => ({ name: `${index}.yml`, text: JSON.stringify(file) })));

describe('fields of the kernel override', () => {
  const base = { image: 'a', cmdline: 'b', binary: 'c', tar: 'd', ucode: 'e' };
  test.each([
    [{}, base],
    [{ image: 'z' }, { ...base, image: 'z' }],
    [{ cmdline: 'z' }, { ...base, cmdline: 'z' }],
    [{ binary: 'z' }, { ...base, binary: 'z' }],
    [{ tar: 'none' }, { ...base, tar: 'none' }],
    // an empty text says nothing, but that there is no tar and no microcode
    [{ image: '', cmdline: '', binary: '' }, base],
    [
      { tar: '', ucode: '' },
      { ...base, tar: '', ucode: '' },
    ],
  ])('by %j', (kernel, merged) => {
    expect(merge({ kernel: base }, { kernel }).kernel).toEqual(merged);
  });

  test('a first file without kernel leaves it to the second', () => {
    expect(merge({}, { kernel: { image: 'a' } }).kernel).toEqual({ image: 'a', cmdline: '' });
  });
});

test.each(['init', 'onboot', 'onshutdown', 'services', 'files', 'volumes'] as const)('%s appends', (key) => {
  const one = (name: string) => {
    if (key === 'init') return name;
    if (key === 'files') return { path: name, contents: '' };
    return key === 'volumes' ? { name } : { name, image: 'x' };
  };
  const image = merge({ [key]: [one('a'), one('b')] }, {}, { [key]: [one('c')] });
  expect(image[key]).toEqual([one('a'), one('b'), one('c')]);
});

test('volumes of one file are there for the others', () => {
  const service = { name: 'a', image: 'x', binds: ['data:/data'] };
  expect(merge({ volumes: [{ name: 'data' }] }, { services: [service] }).services).toEqual([service]);
  expect(merge({ services: [service] }, { volumes: [{ name: 'data' }] }).services).toEqual([service]);
});

test('users of one file are there for the others', () => {
  expect(
    merge({ files: [{ path: 'a', contents: '', uid: 'web' }] }, { services: [{ name: 'web', image: 'x' }] })
      .files,
  ).toEqual([{ path: 'a', contents: '', uid: 'web' }]);
});

test.each([
  [{ services: [{ name: 'a', image: 'x' }] }, 'services[0].name'],
  [{ volumes: [{ name: 'a' }] }, 'volumes[0].name'],
])('a name that two files have is refused in the second: %j', (file, key) => {
  const error = thrownBy(() => merge(file, file));
  expect(error.code).toBe('SPEC_INVALID');
  expect(error.details).toMatchObject({ file: '1.yml', key });
});
