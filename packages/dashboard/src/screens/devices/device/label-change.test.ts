import { expect, test } from 'vitest';
import { changeOf } from './label-change.ts';

const before = { name: 'Pump', tags: ['wet', 'old'], attributes: { floor: 3, site: 'bremen', spare: true } };

test('only what is different is changed', () => {
  expect(
    changeOf(before, {
      name: ' Pump ',
      tags: ['wet', 'new'],
      attributes: [
        { key: 'floor', text: '3' },
        { key: 'site', text: '"7"' },
        { key: ' ', text: 'nothing' },
      ],
    }),
  ).toEqual({ addTags: ['new'], removeTags: ['old'], attributes: { site: '7', spare: null } });
});

test('an empty name is none', () =>
  expect(changeOf(before, { name: '', tags: before.tags, attributes: [] }).name).toBeNull());
