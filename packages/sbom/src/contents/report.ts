import { contentsTree, filesOf, lookInto, type TreeNode } from './contents-tree.ts';
import type { Contents } from './read-contents.ts';
import { tilesOf, type Tile } from './tile.ts';

export type ReportInput = {
  /** as people name the image */
  readonly name: string;
  readonly contents: Contents;
};

const WIDTH = 1200;
const HEIGHT = 640;
const MOST_FILES = 100;
/** Of a letter in a tile. */
const LETTER = 6.2;

/** Light enough for dark letters, told apart also by those who see few colours. */
const COLOURS = [
  '#8ecae6',
  '#ffd166',
  '#b5e48c',
  '#f4a6b8',
  '#cdb4db',
  '#ffb570',
  '#a8dadc',
  '#e9c46a',
  '#c3d1e6',
  '#d8e2a8',
];
const OTHERS = '#d5d8dc';
const BUILD = 'the build itself';

const MARKS: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escape = (text: string): string => text.replace(/[&<>"]/g, (mark) => MARKS[mark] ?? mark);

const sizeText = (bytes: number): string => {
  if (bytes < 1024) return `${bytes} B`;
  const power = Math.min(4, Math.floor(Math.log2(bytes) / 10));
  return `${(bytes / 1024 ** power).toFixed(1)} ${['B', 'KiB', 'MiB', 'GiB', 'TiB'][power] ?? ''}`;
};

const share = (part: number, whole: number): string =>
  whole === 0 ? '-' : `${((part / whole) * 100).toFixed(1)} %`;

type ColourOf = (component: string | null) => string;

const tileSvg = ({ node, label: name, at, isOpen }: Tile, colourOf: ColourOf): string => {
  const { x, y, width, height } = at;
  const n = (value: number): string => value.toFixed(1);
  const isNamed = width > 30 && height > 13;
  const letters = Math.floor((width - 6) / LETTER);
  const label = name.length > letters ? `${name.slice(0, Math.max(0, letters - 1))}…` : name;
  const title = `/${node.path}: ${sizeText(node.size)}, ${node.component ?? BUILD}`;
  return (
    `<g><title>${escape(title)}</title>` +
    `<rect x="${n(x)}" y="${n(y)}" width="${n(width)}" height="${n(height)}" ${isOpen ? 'class="folder"' : `fill="${colourOf(node.component)}"`}/>` +
    (isNamed
      ? `<text x="${n(x + 3)}" y="${n(y + 11.5)}"${isOpen ? ' class="folder"' : ''}>${escape(label)}</text>`
      : '') +
    '</g>'
  );
};

const rows = (cells: readonly (readonly string[])[], numbers: readonly number[]): string =>
  cells
    .map((row) => {
      const [first = '', ...rest] = row;
      const cell = (text: string, at: number): string =>
        `<td${numbers.includes(at + 1) ? ' class="number"' : ''}>${text}</td>`;
      return `<tr><th scope="row">${first}</th>${rest.map(cell).join('')}</tr>`;
    })
    .join('\n');

const table = (
  caption: string,
  headings: readonly string[],
  cells: readonly (readonly string[])[],
  numbers: readonly number[],
): string =>
  `<table>\n<caption>${escape(caption)}</caption>\n<thead><tr>${headings
    .map(
      (heading, at) =>
        `<th scope="col"${numbers.includes(at) ? ' class="number"' : ''}>${escape(heading)}</th>`,
    )
    .join('')}</tr></thead>\n<tbody>\n${rows(cells, numbers)}\n</tbody>\n</table>`;

const STYLE = `:root{color-scheme:light dark;--line:#8884;--dim:#667;--paper:#fff;--ink:#16181d}
@media(prefers-color-scheme:dark){:root{--dim:#a4abb8;--paper:#14161a;--ink:#e8eaee}}
body{margin:2rem auto;max-width:76rem;padding:0 1rem;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
h1{font-size:1.5rem;margin:0}p{color:var(--dim);margin:.25rem 0 1rem}
svg{width:100%;height:auto;border:1px solid var(--line);border-radius:6px}
svg rect{stroke:var(--paper);stroke-width:1}svg rect.folder{fill:#8882}
svg text{font:11px system-ui,sans-serif;fill:#16181d}svg text.folder{fill:var(--ink)}
table{border-collapse:collapse;width:100%;margin:2rem 0}caption{text-align:left;font-weight:600;padding:.25rem 0}
th,td{text-align:left;padding:.25rem .75rem .25rem 0;border-bottom:1px solid var(--line);font-weight:400;overflow-wrap:anywhere}
thead th{color:var(--dim)}.number{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
.key{display:inline-block;width:.8em;height:.8em;border-radius:2px;margin-right:.5em}
pre{overflow:auto;padding:1rem;border:1px solid var(--line);border-radius:6px}summary{cursor:pointer}`;

const componentTable = (root: TreeNode, colourOf: ColourOf): string =>
  table(
    'Size by component',
    ['Component', 'Size', 'Share', 'Files'],
    lookInto(root, 0, 0).components.map(({ component, size, files }) => [
      `<span class="key" style="background:${colourOf(component)}"></span>${escape(component ?? BUILD)}`,
      sizeText(size),
      share(size, root.size),
      String(files),
    ]),
    [1, 2, 3],
  );

const fileTable = (root: TreeNode): string => {
  const files = [...filesOf(root).values()]
    .filter(({ size }) => size > 0)
    .sort((a, b) => b.size - a.size || (a.path < b.path ? -1 : 1));
  return table(
    files.length > MOST_FILES ? `The ${MOST_FILES} largest of ${files.length} files` : 'Files',
    ['Path', 'Size', 'Share', 'Component', 'Part'],
    files
      .slice(0, MOST_FILES)
      .map(({ path, size, component, source }) => [
        escape(`/${path}`),
        sizeText(size),
        share(size, root.size),
        escape(component ?? BUILD),
        escape(source === component ? '' : (source ?? '')),
      ]),
    [1, 2],
  );
};

/**
 * A page that tells what takes how much of an image: a map of tiles, and the same as tables. It stands alone: no script,
 * nothing from elsewhere; the same image gives the same bytes.
 */
export const makeReport = ({ name, contents }: ReportInput): string => {
  const root = contentsTree(contents);
  const { components } = lookInto(root, 0, 0);
  const colours = new Map(components.map(({ component }, at) => [component, COLOURS[at] ?? OTHERS]));
  const colourOf: ColourOf = (component) => colours.get(component) ?? OTHERS;
  const tiles = tilesOf(root, { x: 0, y: 0, width: WIDTH, height: HEIGHT });
  const { configuration } = contents.head;
  const sum = `${sizeText(root.size)} in ${root.files} files of ${components.length} components`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="content-security-policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escape(name)}: what is in the image</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${escape(name)}</h1>
<p>${escape(sum)}. Sizes are those of files, before the image is compressed.</p>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-labelledby="map" aria-describedby="map-is">
<title id="map">Files of the image by size</title>
<desc id="map-is">Tiles within tiles, as large as the files are, coloured by component. The tables below tell the same.</desc>
${tiles.map((tile) => tileSvg(tile, colourOf)).join('\n')}
</svg>
${componentTable(root, colourOf)}
${fileTable(root)}
${configuration === undefined ? '' : `<details><summary>Configuration</summary><pre>${escape(configuration)}</pre></details>\n`}</main>
</body>
</html>
`;
};
