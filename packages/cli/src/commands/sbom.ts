import type { Command } from 'commander';
import type { ListedPackage, Sbom, SbomDiff } from '@slipway/sbom';
import { z } from 'zod';
import { Ended, leaf, print, word, type MakeContext } from '../command.ts';
import { loadSbom } from '../load-sbom.ts';
import { sbomSections } from '../sbom-sections.ts';
import { facts, list, table, time } from '../table.ts';

const subjectFacts = ({ subject, time: seconds }: Sbom): string =>
  facts({
    image: subject.name,
    version: subject.version === '' ? undefined : subject.version,
    arch: subject.arch,
    release: subject.release,
    time: seconds === 0 ? undefined : time(new Date(seconds * 1000).toISOString()),
  });

const showPackages = (packages: readonly ListedPackage[], columns: number | undefined): string =>
  table(
    ['type', 'name', 'version', 'component', 'licences'],
    packages.map((item) => [item.type, item.name, item.version, list(item.components), list(item.licenses)]),
    columns,
  );

const showDiff = (diff: SbomDiff, columns: number | undefined): string => {
  const sections = sbomSections(diff, columns);
  return sections.length === 0 ? 'no differences' : sections.join('\n\n');
};

export const sbomCommands = (program: Command, makeContext: MakeContext): void => {
  const sbom = program
    .command('sbom')
    .summary('look into lists of what is in an image')
    .description(
      'Look into lists of what is in an image: CycloneDX or SPDX files, bundles, outputs of builds or their folder.',
    );
  leaf(sbom, makeContext, {
    usage: 'show <image>',
    summary: 'list the packages in an image',
    options: z.object({}),
    run: async (context, words) => {
      const { listPackages } = await import('@slipway/sbom');
      const loaded = await loadSbom(context, word(words, 0));
      const listed = listPackages(loaded.sbom);
      print(
        context,
        { ...listed, packages: listed.packages.map((item) => ({ ...item, key: undefined })) },
        () => `${subjectFacts(loaded.sbom)}\n\n${showPackages(listed.packages, context.columns)}`,
      );
    },
  });
  leaf(sbom, makeContext, {
    usage: 'diff <a> <b>',
    summary: 'tell what changed from one image to another',
    options: z.object({ exitCode: z.boolean().default(false) }),
    build: (command) => command.option('--exit-code', 'end with status 1 if there are differences'),
    run: async (context, words, options) => {
      const { diffSboms, isSame } = await import('@slipway/sbom');
      const [a, b] = [await loadSbom(context, word(words, 0)), await loadSbom(context, word(words, 1))];
      const diff = diffSboms(a.sbom, b.sbom);
      print(context, diff, () => showDiff(diff, context.columns));
      if (options.exitCode && !isSame(diff)) throw new Ended(1);
    },
  });
};
