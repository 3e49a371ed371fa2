import type { Command } from 'commander';
import type { SbomDiff } from '@slipway/sbom';
import type { ContentsDiff, SizeChange } from '@slipway/sbom/contents';
import { z } from 'zod';
import { Ended, leaf, print, word, wholeNumber, type MakeContext } from '../command.ts';
import type { Context } from '../context.ts';
import { loadImage, type LoadedImage } from '../load-image.ts';
import { sbomSections } from '../sbom-sections.ts';
import { size, titled } from '../table.ts';

const DiffOptions = z.object({ files: z.int().default(50) });
type DiffOptions = z.infer<typeof DiffOptions>;

type ImageDiff = ContentsDiff & {
  readonly from: string;
  readonly to: string;
  /** null: one of the images has no SBOM */
  readonly packages: SbomDiff | null;
  readonly outputs: readonly SizeChange[];
};

const bytes = (value: number | null): string => (value === null ? '-' : size(value));

const growth = (from: number | null, to: number | null): string => {
  const difference = (to ?? 0) - (from ?? 0);
  return difference === 0 ? '-' : `${difference < 0 ? '-' : '+'}${size(Math.abs(difference))}`;
};

const BUILD = 'the build itself';

const fileSections = ({ files }: ImageDiff, limit: number, columns: number | undefined): string[] => {
  const { entries, added, removed, changed, size: whole } = files;
  if (entries.length === 0) return [];
  const shown = limit === 0 ? entries : entries.slice(0, limit);
  const left = entries.length - shown.length;
  const sum = `${added} added, ${removed} removed, ${changed} changed; ${size(whole.from)} before, ${size(whole.to)} now`;
  const rows = shown.map(({ path, change, from, to, component }) => [
    change,
    bytes(from),
    bytes(to),
    growth(from, to),
    component ?? BUILD,
    `/${path}`,
  ]);
  const headings = ['change', 'from', 'to', 'growth', 'component', 'path'];
  return titled(`files: ${sum}`, headings, rows, columns).map((text) =>
    left === 0 ? text : `${text}\n… ${left} more; --files 0 shows all`,
  );
};

const render = (
  diff: ImageDiff,
  limit: number,
  show: (lines: ContentsDiff['configuration']) => string[],
  columns: number | undefined,
): string => {
  const { components, configuration, outputs, packages } = diff;
  const sections = [
    ...titled(
      'outputs',
      ['output', 'from', 'to', 'growth'],
      outputs.map(({ name, from, to }) => [name, bytes(from), bytes(to), growth(from, to)]),
      columns,
    ),
    ...titled(
      'sizes',
      ['component', 'from', 'to', 'growth'],
      components.map(({ component, from, to }) => [
        component ?? BUILD,
        bytes(from),
        bytes(to),
        growth(from, to),
      ]),
      columns,
    ),
    ...(packages === null ? [] : sbomSections(packages, columns)),
    ...(configuration.length === 0 ? [] : [['configuration', ...show(configuration)].join('\n')]),
    ...fileSections(diff, limit, columns),
  ];
  return sections.length === 0 ? 'no differences' : sections.join('\n\n');
};

const packagesOf = async (a: LoadedImage, b: LoadedImage): Promise<SbomDiff | null> => {
  const { diffSboms } = await import('@slipway/sbom');
  const [before, after] = [await a.sbom(), await b.sbom()];
  return before === undefined || after === undefined ? null : diffSboms(before, after);
};

const diff = async (context: Context, words: readonly string[], options: DiffOptions): Promise<void> => {
  const { diffContents, diffSizes, showDiff } = await import('@slipway/sbom/contents');
  const { isSame } = await import('@slipway/sbom');
  const a = await loadImage(context, word(words, 0));
  const b = await loadImage(context, word(words, 1));
  const found: ImageDiff = {
    from: a.name,
    to: b.name,
    ...diffContents(a.contents, b.contents),
    packages: await packagesOf(a, b),
    outputs: diffSizes(a.outputs, b.outputs),
  };
  print(context, found, () => render(found, options.files, showDiff, context.columns));
  const { files, configuration, packages, outputs } = found;
  const isDifferent =
    files.entries.length > 0 ||
    configuration.length > 0 ||
    outputs.length > 0 ||
    (packages !== null && !isSame(packages));
  if (isDifferent) throw new Ended(1);
};

export const diffCommand = (program: Command, makeContext: MakeContext): void => {
  leaf(program, makeContext, {
    usage: 'diff <image-a> <image-b>',
    summary: 'tell how two images differ: files, packages, configuration, sizes; ends with 1 if they do',
    options: DiffOptions,
    build: (command) =>
      command
        .option('--files <number>', 'how many files are shown, 0 for all (50)', wholeNumber)
        .addHelpText(
          'after',
          '\nAn image is an output of slipway build, the folder of its outputs, or a build or release of the server.',
        ),
    run: diff,
  });
};
