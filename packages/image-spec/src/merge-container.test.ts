import { codeOf } from '@slipway/protocol';
import { expect, test } from 'vitest';
import { mergeContainer } from './merge-container.ts';

const own = { name: 'a', image: 'oci:a' };

test.each([
  ['a label fills what the image file leaves open', { ...own }, '{"net":"host"}', { ...own, net: 'host' }],
  ['the image file overrides', { ...own, net: 'new' }, '{"net":"host"}', { ...own, net: 'new' }],
  ['an empty text counts as unset', { ...own, net: '' }, '{"net":"host"}', { ...own, net: 'host' }],
  [
    'lists replace as a whole',
    { ...own, binds: ['/b:/b'] },
    '{"binds":["/a:/a"]}',
    { ...own, binds: ['/b:/b'] },
  ],
  [
    'an empty list replaces too',
    { ...own, capabilities: [] },
    '{"capabilities":["all"]}',
    { ...own, capabilities: [] },
  ],
  [
    'additions add to the label',
    { ...own, 'binds.add': ['/b:/b'], 'capabilities.add': ['CAP_CHOWN'] },
    '{"binds":["/a:/a"],"capabilities":["CAP_KILL"]}',
    { ...own, binds: ['/a:/a', '/b:/b'], capabilities: ['CAP_KILL', 'CAP_CHOWN'] },
  ],
  [
    'runtime merges field by field',
    { ...own, runtime: { mkdir: ['/run/x'] } },
    '{"runtime":{"mkdir":["/run/y"],"cgroups":["z"]}}',
    { ...own, runtime: { mkdir: ['/run/x'], cgroups: ['z'] } },
  ],
])('%s', (_title, container, label, merged) => {
  expect(mergeContainer(container, label)).toEqual(merged);
});

test.each(['{"name":"b"}', '{"image":"b"}', '{"nett":"host"}'])('a label %s is refused', (label) => {
  let error: unknown;
  try {
    mergeContainer(own, label);
  } catch (thrown) {
    error = thrown;
  }
  expect(codeOf(error)).toBe('SPEC_INVALID');
});
