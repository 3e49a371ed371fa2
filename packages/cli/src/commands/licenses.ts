import type { Command } from 'commander';
import type { LicenseReport, NoticeSource, Sbom } from '@slipway/sbom';
import { z } from 'zod';
import { leaf, print, word, type MakeContext } from '../command.ts';
import { loadSbom } from '../load-sbom.ts';
import { table } from '../table.ts';

const list = (items: readonly string[]): string => (items.length === 0 ? '-' : items.join(', '));

/** The first few of many: a kernel's copyright file names fifty licences, and the column would be as wide. */
const some = (items: readonly string[], most = 3): string =>
  items.length <= most ? list(items) : `${items.slice(0, most).join(', ')} and ${items.length - most} more`;

const show = ({ obliged, unknown, others }: LicenseReport): string =>
  [
    ...(obliged.length === 0
      ? ['no package whose source must be offered']
      : [
          'packages whose source must be offered',
          table(
            ['type', 'name', 'version', 'licences', 'source', 'where'],
            obliged.map(({ type, name, version, obliging, source, sourceUrl }) => [
              type,
              name,
              version,
              some(obliging),
              `${source.name} ${source.version}`,
              sourceUrl ?? '-',
            ]),
          ),
        ]),
    ...(unknown.length === 0
      ? []
      : [
          '\npackages whose licence is unknown, or named as SPDX does not',
          table(
            ['type', 'name', 'version', 'component', 'licences'],
            unknown.map(({ type, name, version, licenses, components }) => [
              type,
              name,
              version,
              list(components),
              some(licenses, 6),
            ]),
          ),
        ]),
    `\n${others} other ${others === 1 ? 'package' : 'packages'}`,
  ].join('\n');

/** A list of contents has no texts. */
const withoutTexts = ({ components }: Sbom): NoticeSource[] =>
  components.map(({ packages }) => ({ packages, readText: () => undefined }));

export const licensesCommand = (program: Command, makeContext: MakeContext): void => {
  leaf(program, makeContext, {
    usage: 'licenses <image>',
    summary: 'name the packages of an image whose source must be offered, and where it is',
    options: z.object({ notices: z.boolean().default(false) }),
    build: (command) => command.option('--notices', 'print the third-party notices instead'),
    run: async (context, words, options) => {
      const { licenseReport, makeNotices } = await import('@slipway/sbom');
      const { sbom, notices } = await loadSbom(context, word(words, 0));
      if (options.notices) {
        const text = (await notices()) ?? makeNotices(withoutTexts(sbom), { texts: 'elsewhere' });
        print(context, { notices: text }, () => text.trimEnd());
        return;
      }
      const report = licenseReport(sbom);
      print(context, report, () => show(report));
    },
  });
};
