import type { Command } from 'commander';
import { SlipwayError } from '@slipway/protocol';
import type { ContentsOrigin, Explanation, Placed, Replaced } from '@slipway/sbom/contents';
import { z } from 'zod';
import { leaf, print, word, type MakeContext } from '../command.ts';
import type { Context } from '../context.ts';
import { loadImage } from '../load-image.ts';
import { size } from '../table.ts';

/** `oci:web:1, layer 2 of 3` */
const nameOf = ({ component, source, layer }: ContentsOrigin): string =>
  [
    component ?? `the build itself (${source})`,
    ...(component === undefined || source === component ? [] : [source]),
    ...(layer === undefined ? [] : [`layer ${layer.number} of ${layer.of}`]),
  ].join(', ');

const KINDS = {
  file: 'a file',
  directory: 'a folder',
  symlink: 'a link',
  hardlink: 'another name of a file',
  char: 'a character device',
  block: 'a block device',
  fifo: 'a pipe',
} as const;

const whatOf = ({ type, mode, size: bytes, target }: Placed): string =>
  [
    target === undefined ? KINDS[type] : `${KINDS[type]}, /${target.replace(/^\/+/, '')}`,
    `mode ${mode}`,
    ...(bytes === undefined ? [] : [size(bytes)]),
  ].join(', ');

const replacedBy = ({ type, size: bytes, origin }: Replaced): string =>
  `${KINDS[type]}${bytes === undefined ? '' : ` of ${size(bytes)}`} from ${nameOf(origin)}`;

/** Names with what is said of each, several lines one below the other; what says nothing is left out. */
const paragraph = (entries: Readonly<Record<string, readonly (string | undefined)[]>>): string => {
  const said = Object.entries(entries).flatMap(([name, lines]) => {
    const texts = lines.filter((line) => line !== undefined);
    return texts.length === 0 ? [] : [{ name, texts }];
  });
  const width = Math.max(...said.map(({ name }) => name.length));
  return said
    .flatMap(({ name, texts }) => texts.map((text, at) => `${(at === 0 ? name : '').padEnd(width)}  ${text}`))
    .join('\n');
};

const originLines = ({ layer, location, ...origin }: ContentsOrigin) => ({
  'put there by': [nameOf({ ...origin, ...(layer === undefined ? {} : { layer }) })],
  layer: [layer?.digest],
  'made by': [layer?.createdBy],
  'asked for by': [location],
});

type Share = { readonly component: string | null; readonly size: number };

const shareText = (share: Share): string => `${size(share.size)} of ${share.component ?? 'the build itself'}`;

const render = (explanation: Explanation, shares: readonly Share[]): string => {
  const { asked, links, path, found, file, removed, similar } = explanation;
  const way = {
    path: [`/${asked}`],
    followed: links.map(
      (link) => `/${link.path} is a link to ${link.target ?? ''}, by ${nameOf(link.origin)}`,
    ),
    leads: [path === asked ? undefined : `to /${path}`],
  };
  if (found === undefined)
    return paragraph({
      ...way,
      what: ['nothing'],
      'taken away by': removed.map(({ by, path: at }) => `${nameOf(by)}: /${at}`),
      layer: removed.map(({ by }) => by.layer?.digest),
      was: removed.flatMap(({ replaced }) => replaced.map(replacedBy)),
      similar: similar.map((other) => `/${other}`),
    });
  return paragraph({
    ...way,
    what: [whatOf(found)],
    digest: [found.digest ?? file?.digest],
    ...originLines(found.origin),
    replaced: found.replaced.map(replacedBy),
    file: [
      file === undefined
        ? undefined
        : `/${file.path}, ${size(file.size ?? 0)}, put there by ${nameOf(file.origin)}`,
    ],
    holds: shares.map(shareText),
  });
};

const why = async (context: Context, words: readonly string[]): Promise<void> => {
  const { contentsTree, explainPath, lookInto, nodeAt } = await import('@slipway/sbom/contents');
  const { contents } = await loadImage(context, word(words, 1));
  const explanation = explainPath(contents, word(words, 0));
  const { found, removed, similar, path } = explanation;
  if (found === undefined && removed.length === 0)
    throw new SlipwayError(
      'NOT_FOUND',
      `There is no /${path} in the image, and no component had one.${similar.length === 0 ? '' : ` There is ${similar.map((other) => `/${other}`).join(', ')}.`}`,
    );
  const node = found?.type === 'directory' ? nodeAt(contentsTree(contents), path) : undefined;
  const shares = node === undefined ? [] : lookInto(node, 0, 0).components;
  print(context, { ...explanation, ...(node === undefined ? {} : { components: shares }) }, () =>
    render(explanation, shares),
  );
};

export const whyCommand = (program: Command, makeContext: MakeContext): void => {
  leaf(program, makeContext, {
    usage: 'why <path> <image>',
    summary: 'tell which component and layer put a file into an image, and what it replaced',
    options: z.object({}),
    build: (command) =>
      command.addHelpText(
        'after',
        '\nThe image is an output of slipway build, the folder of its outputs, or a build or release of the server.',
      ),
    run: why,
  });
};
