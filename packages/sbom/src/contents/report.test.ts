import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { contentsOf } from '../testing/contents-of.ts';
import { contentsTree } from './contents-tree.ts';
import { parseContentsLines, type Contents } from './read-contents.ts';
import { makeReport } from './report.ts';
import { tilesOf } from './tile.ts';

const contents = (files: Readonly<Record<string, string>>): Contents =>
  parseContentsLines(gunzipSync(contentsOf(files)).toString());

const MANY = contents(
  Object.fromEntries(
    Array.from({ length: 150 }, (_, at) => [
      `usr/lib/d${at % 7}/file-${'x'.repeat(at)}`,
      `oci:part-${at % 12}`,
    ]),
  ),
);

test('every file has a tile or lies in one, folders before what is in them and around it', () => {
  const root = contentsTree(MANY);
  const tiles = tilesOf(root, { x: 0, y: 0, width: 1200, height: 640 });
  const closed = tiles.filter(({ isOpen }) => !isOpen);
  expect(closed.reduce((sum, { node }) => sum + node.files, 0)).toBe(150);
  // A folder with nothing but a folder in it shares its tile.
  expect(tiles[0]).toMatchObject({ label: 'usr/lib', node: { path: 'usr/lib' } });
  const within = tiles.find(({ node }) => node.path === 'usr/lib');
  for (const { at } of tiles.filter((tile) => tile.node.path.startsWith('usr/lib/'))) {
    expect(at.x).toBeGreaterThanOrEqual(within?.at.x ?? Infinity);
    expect(at.y + at.height).toBeLessThanOrEqual((within?.at.y ?? 0) + (within?.at.height ?? 0));
  }
});

test('the page stands alone: no script, nothing from elsewhere', () => {
  const page = makeReport({ name: 'edge', contents: MANY });
  expect(page).not.toMatch(/<script|\bon\w+=|(?:src|href)=|url\(|@import|https?:/i);
  expect(page).toContain("default-src 'none'");
  expect(page).toBe(makeReport({ name: 'edge', contents: MANY }));
});

test('what the map shows is in tables, too: components with their shares, and the largest files', () => {
  const page = makeReport({ name: 'edge', contents: MANY });
  expect(page.match(/<tr><th scope="row"><span class="key"/g)).toHaveLength(12);
  expect(page).toContain('<caption>The 100 largest of 150 files</caption>');
  expect(page).toMatch(/<th scope="row">\/usr\/lib\/d\d\/file-x+<\/th><td class="number">\d+ B<\/td>/);
});

test('names from an image are text, never markup', () => {
  const bad = contents({ 'a/<script>alert("1")&': '"><img src=x>' });
  const page = makeReport({
    name: '<b>edge</b>',
    contents: { ...bad, head: { ...bad.head, configuration: '</pre><i>' } },
  });
  expect(page).not.toMatch(/<script>|<img|<b>|<i>/);
  expect(page).toContain('&lt;script&gt;alert(&quot;1&quot;)&amp;');
  expect(page).toContain('&lt;/pre&gt;');
});

test('an image without files has a page', () => {
  expect(makeReport({ name: 'none', contents: contents({}) })).toContain('0 B in 0 files of 0 components');
});
