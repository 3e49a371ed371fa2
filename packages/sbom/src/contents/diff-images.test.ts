import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { contentsOf } from '../testing/contents-of.ts';
import { diffContents, diffSizes } from './diff-images.ts';
import { parseContentsLines, type Contents } from './read-contents.ts';

const contents = (files: Readonly<Record<string, string>>, configuration?: string): Contents => {
  const read = parseContentsLines(gunzipSync(contentsOf(files)).toString());
  return { ...read, head: { ...read.head, ...(configuration === undefined ? {} : { configuration }) } };
};

test('files, components and configuration are told, components that changed most first', () => {
  const before = contents({ 'a/one': 'oci:a', 'b/long-name': 'oci:b', same: 'oci:c' }, 'init:\n  - a\n');
  const after = contents({ 'a/one-more': 'oci:a', same: 'oci:c', new: 'oci:d' }, 'init:\n  - b\n');
  const { files, components, configuration } = diffContents(before, after);
  expect(files).toMatchObject({ added: 2, removed: 2, changed: 0, size: { from: 20, to: 17 } });
  expect(components).toEqual([
    { component: 'oci:b', from: 11, to: null },
    { component: 'oci:a', from: 5, to: 10 },
    { component: 'oci:d', from: null, to: 3 },
  ]);
  expect(configuration.filter(({ kind }) => kind !== 'same')).toEqual([
    { kind: 'removed', text: '  - a' },
    { kind: 'added', text: '  - b' },
  ]);
});

test('all files are told, however many', () => {
  const many = contents(Object.fromEntries(Array.from({ length: 1500 }, (_, at) => [`f${at}`, 'oci:a'])));
  expect(diffContents(contents({}), many).files.entries).toHaveLength(1500);
});

test('of the same image there is nothing to tell, and an unknown configuration is no difference', () => {
  const one = contents({ a: 'oci:a' }, 'x');
  expect(diffContents(one, one)).toMatchObject({ files: { entries: [] }, components: [], configuration: [] });
  expect(diffContents(one, contents({ a: 'oci:a' })).configuration).toEqual([]);
});

test('outputs that one image lacks were built in another format, which is no difference', () => {
  const sizes = (entries: Readonly<Record<string, number>>) => new Map(Object.entries(entries));
  expect(
    diffSizes(sizes({ '.tar': 5, '-kernel': 7, '.oci.tar': 1 }), sizes({ '.tar': 6, '-kernel': 7 })),
  ).toEqual([{ name: '.tar', from: 5, to: 6 }]);
});
