import { codeOf, type ErrorCode } from '@slipway/protocol';
import { assert, property, record, constantFrom, option, constant } from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ContainerSettings } from './container.ts';
import { mergeContainer } from './merge-container.ts';

const own = { name: 'a', image: 'oci:a' };

type Row = [title: string, label: ContainerSettings, file: ContainerSettings, merged: ContainerSettings];

const rows: Row[] = [
  ['a label fills what the image file leaves open', { net: 'host' }, {}, { net: 'host' }],
  ['the image file overrides', { net: 'host' }, { net: 'new' }, { net: 'new' }],
  ['lists replace as a whole', { binds: ['/a:/a'] }, { binds: ['/b:/b'] }, { binds: ['/b:/b'] }],
  ['an empty list replaces too', { capabilities: ['all'] }, { capabilities: [] }, { capabilities: [] }],
  ['maps replace as a whole', { sysctl: { a: '1' } }, { sysctl: { b: '2' } }, { sysctl: { b: '2' } }],
  [
    'resources replace as a whole',
    { resources: { memory: { limit: 1 }, pids: { limit: 2 } } },
    { resources: { memory: { limit: 3 } } },
    { resources: { memory: { limit: 3 } } },
  ],
  ['false replaces true', { readonly: true }, { readonly: false }, { readonly: false }],
  [
    'zero replaces a number',
    { oomScoreAdj: 5, uid: 7 },
    { oomScoreAdj: 0, uid: 0 },
    { oomScoreAdj: 0, uid: 0 },
  ],
  ['an empty name is root', { uid: 7 }, { uid: '' }, { uid: '' }],
  ['an empty text of the label says nothing', { net: '', cwd: '' }, {}, {}],
  [
    'binds are added',
    { binds: ['/a:/a'] },
    { 'binds.add': ['/b:/b', '/a:/a'] },
    { binds: ['/a:/a', '/b:/b', '/a:/a'] },
  ],
  ['binds are added to none', {}, { 'binds.add': ['/b:/b'] }, { binds: ['/b:/b'] }],
  [
    'binds win over what is added',
    { binds: ['/a:/a'] },
    { binds: ['/c:/c'], 'binds.add': ['/b:/b'] },
    { binds: ['/c:/c'] },
  ],
  ['a label adds no binds', { binds: ['/a:/a'], 'binds.add': ['/b:/b'] }, {}, { binds: ['/a:/a'] }],
  [
    'capabilities are added',
    { capabilities: ['CAP_KILL'] },
    { 'capabilities.add': ['CAP_CHOWN'] },
    { capabilities: ['CAP_KILL', 'CAP_CHOWN'] },
  ],
  [
    'capabilities win over what is added',
    { capabilities: ['CAP_KILL'] },
    { capabilities: ['none'], 'capabilities.add': ['CAP_CHOWN'] },
    { capabilities: ['none'] },
  ],
  ['a label adds no capabilities', { 'capabilities.add': ['CAP_CHOWN'] }, {}, {}],
  [
    'runtime merges field by field',
    { runtime: { mkdir: ['/run/y'], cgroups: ['z'], namespace: 'n' } },
    { runtime: { mkdir: ['/run/x'], namespace: '' } },
    { runtime: { mkdir: ['/run/x'], cgroups: ['z'], namespace: '' } },
  ],
  ['runtime of the label alone', { runtime: { cgroups: ['z'] } }, {}, { runtime: { cgroups: ['z'] } }],
  ['runtime of the image file alone', {}, { runtime: { cgroups: ['z'] } }, { runtime: { cgroups: ['z'] } }],
  [
    'bound namespaces merge one by one',
    { runtime: { bindNS: { net: '/run/n', pid: '/run/p' } } },
    { runtime: { bindNS: { net: '', uts: '/run/u' } } },
    { runtime: { bindNS: { net: '', pid: '/run/p', uts: '/run/u' } } },
  ],
];

test.each(rows)('%s', (_title, label, file, merged) => {
  expect(mergeContainer({ ...own, ...file }, JSON.stringify(label))).toEqual({ ...own, ...merged });
});

describe('an empty text', () => {
  test.each(['cwd', 'net', 'pid', 'ipc', 'uts', 'userns', 'hostname'] as const)('of %s is unset', (key) => {
    expect(mergeContainer({ ...own, [key]: '' }, JSON.stringify({ [key]: 'x' }))[key]).toBe('x');
  });

  test.each(['rootfsPropagation', 'cgroupsPath'] as const)('of %s overrides', (key) => {
    expect(mergeContainer({ ...own, [key]: '' }, JSON.stringify({ [key]: 'x' }))[key]).toBe('');
  });
});

test.each([undefined, '', '{}'])('a label %j changes nothing', (label) => {
  const container = { ...own, env: ['A=1'], runtime: { mkdir: ['/x'] } };
  expect(mergeContainer(container, label)).toEqual(container);
});

test('a label may be YAML', () => {
  expect(mergeContainer(own, 'net: host\nbinds:\n  - /a:/a\n')).toEqual({
    ...own,
    net: 'host',
    binds: ['/a:/a'],
  });
});

test('what the image file says always holds', () => {
  const settings = record(
    {
      net: constantFrom('host', 'new'),
      readonly: constantFrom(true, false),
      env: constantFrom<string[]>([], ['A=1']),
      uid: constantFrom(0, 'a'),
    },
    { requiredKeys: [] },
  );
  assert(
    property(settings, option(settings, { nil: undefined }), constant(own), (file, label, base) => {
      const merged = mergeContainer(
        { ...base, ...file },
        label === undefined ? undefined : JSON.stringify(label),
      );
      expect(merged).toEqual({ ...label, ...base, ...file });
    }),
  );
});

test.each<[string, ErrorCode, object]>([
  ['{"name":"b"}', 'SPEC_INVALID', { key: 'name' }],
  ['{"image":"b"}', 'SPEC_INVALID', { key: 'image' }],
  ['{"nett":"host"}', 'SPEC_INVALID', { key: 'nett', suggestion: 'net', line: 1, column: 2 }],
  ['{"runtime":{"mkdirs":[]}}', 'SPEC_INVALID', { key: 'runtime.mkdirs', suggestion: 'mkdir' }],
  ['[]', 'SPEC_INVALID', { key: '' }],
  ['null', 'SPEC_INVALID', { key: '' }],
  ['{"net":1}', 'SPEC_INVALID', { key: 'net' }],
  ['{', 'SPEC_SYNTAX', {}],
])('a label %s is refused', (label, code, details) => {
  let error: unknown;
  try {
    mergeContainer(own, label);
  } catch (thrown) {
    error = thrown;
  }
  expect(codeOf(error)).toBe(code);
  expect(error).toMatchObject({ details: { file: 'oci:a label org.mobyproject.config', ...details } });
});
