import { createHash } from 'node:crypto';
import type { FoundPackage } from './found-package.ts';
import { sourcePlace } from './source-places.ts';
import { isObliging } from './license-report.ts';
import { normaliseLicenses } from './spdx-expression.ts';

/** Packages of one component, and how to read the files of its tree. */
export type NoticeSource = {
  readonly packages: readonly FoundPackage[];
  /** @returns nothing where there is no such file */
  readonly readText: (path: string) => Uint8Array | undefined;
};

/** Where `slipway build` puts the notices into an image. */
export const NOTICES_PATH = 'usr/share/licenses/slipway/NOTICES';

/** Bytes; the longest copyright file of Debian has half of it. */
const MAX_TEXT_BYTES = 4 * 1024 * 1024;

const LINE = '='.repeat(78);

/** Line ends of one kind, no empty lines around, and nothing that a terminal would obey. */
const clean = (bytes: Uint8Array): string => {
  const lines = new TextDecoder()
    .decode(bytes)
    .replace(/\r\n?/g, '\n')
    // oxlint-disable-next-line no-control-regex -- they are what is removed
    .replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '')
    .split('\n')
    // By lines, because a pattern for blanks before an end takes quadratic time on a text of blanks.
    .map((line) => line.trimEnd());
  const first = lines.findIndex((line) => line !== '');
  return first === -1 ? '' : lines.slice(first, lines.findLastIndex((line) => line !== '') + 1).join('\n');
};

const title = ({ name, version, licenses }: FoundPackage): string => {
  const known = normaliseLicenses(licenses);
  return `${name} ${version}${known.length === 0 ? '' : ` (${known.join(', ')})`}`;
};

/** Copyright files of Debian do not repeat these texts but name their place. */
const COMMON = /\/(usr\/share\/common-licenses\/[A-Za-z0-9][A-Za-z0-9.-]*[A-Za-z0-9])/g;

type Text = { readonly text: string; readonly covers: Set<string>; common: boolean };

class Texts {
  readonly byHash = new Map<string, Text>();
  readonly withoutText = new Set<string>();

  add(text: string, cover: string, common: boolean): void {
    const hash = createHash('sha256').update(text).digest('hex');
    const known = this.byHash.get(hash);
    if (known === undefined) this.byHash.set(hash, { text, covers: new Set([cover]), common });
    else known.covers.add(cover);
  }

  collect(item: FoundPackage, readText: NoticeSource['readText']): void {
    const read = (path: string): string => {
      const bytes = readText(path);
      return bytes === undefined || bytes.length > MAX_TEXT_BYTES ? '' : clean(bytes);
    };
    const texts = (item.licenseFiles ?? []).map(read).filter((text) => text !== '');
    if (texts.length === 0) this.withoutText.add(title(item));
    const common = new Set(texts.flatMap((text) => [...text.matchAll(COMMON)].map(([, path = '']) => path)));
    for (const text of texts) this.add(text, title(item), false);
    for (const path of common) {
      const text = read(path);
      if (text !== '') this.add(text, `/${path}`, true);
    }
  }
}

const section = (heads: Iterable<string>, text: string): string =>
  [LINE, ...[...heads].sort(), LINE, '', text, ''].join('\n');

const offerOf = (item: FoundPackage): string[] => {
  if (!normaliseLicenses(item.licenses).some(isObliging)) return [];
  const { name, version } = item.source ?? item;
  return [`${name} ${version}${((place) => (place === undefined ? '' : `: ${place}`))(sourcePlace(item))}`];
};

/**
 * The third-party notices of an image: every licence text once, under the packages it covers; what has no text in the
 * image; and the sources that must be offered. The order depends on the content alone.
 *
 * @param options `texts: 'elsewhere'` where only a list of packages is at hand, so that nothing is claimed of the image
 */
export const makeNotices = (
  sources: readonly NoticeSource[],
  { texts: where = 'here' }: { readonly texts?: 'here' | 'elsewhere' } = {},
): string => {
  const texts = new Texts();
  for (const { packages, readText } of sources) for (const item of packages) texts.collect(item, readText);
  const inOrder = (common: boolean): string[] =>
    [...texts.byHash.values()]
      .filter((text) => text.common === common)
      .map(({ covers, text }) => section(covers, text))
      .sort((a, b) => (a < b ? -1 : 1));
  const offers = new Set(sources.flatMap(({ packages }) => packages.flatMap(offerOf)));
  const covered = new Set([...texts.byHash.values()].flatMap(({ covers }) => [...covers]));
  const without = [...texts.withoutText].filter((one) => !covered.has(one)).sort();
  const [lead, lacking] =
    where === 'here'
      ? ['under the licences that follow', 'Software whose licence text is not in this image']
      : ['under the licences named', 'Software whose licence texts are with the image'];
  return [
    `THIRD-PARTY NOTICES\n\nThis image contains the software named below, ${lead}.\n`,
    ...inOrder(false),
    ...inOrder(true),
    ...(without.length === 0 ? [] : [[LINE, lacking, LINE, '', ...without, ''].join('\n')]),
    ...(offers.size === 0
      ? []
      : [
          [
            LINE,
            'Software whose source code is available under its licence, and where its project publishes it',
            LINE,
            '',
            ...[...offers].sort(),
            '',
          ].join('\n'),
        ]),
  ].join('\n');
};
