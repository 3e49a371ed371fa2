import type { Command } from 'commander';
import { z } from 'zod';
import { leaf, print, type MakeContext } from '../command.ts';
import { connect } from '../context.ts';
import { facts, size, table } from '../table.ts';

export const retentionCommands = (program: Command, makeContext: MakeContext): void => {
  const retention = program
    .command('retention')
    .summary('what is kept for how long')
    .description('Artifacts, drafts, logs, sources and reports that nothing needs any more.');
  leaf(retention, makeContext, {
    usage: 'show',
    summary: 'show the limits',
    options: z.object({}),
    run: async (context) => {
      const { limits } = await (await connect(context)).retention.get();
      print(context, limits, () =>
        facts({
          artifacts: `${limits.artifactsDays} days after a build failed, was cancelled or its release withdrawn`,
          drafts: `${limits.draftsDays} days, and the newest ${limits.keepDrafts} of a class`,
          logs: `${limits.logsDays} days`,
          sources: `${limits.sourcesDays} days after the last build of them`,
          reports: `${limits.reportsDays} days`,
        }),
      );
    },
  });
  leaf(retention, makeContext, {
    usage: 'run',
    summary: 'remove what is past its time now; the server does so every hour',
    options: z.object({ dryRun: z.boolean().default(false) }),
    build: (command) => command.option('--dry-run', 'only tell what would go'),
    run: async (context, _words, { dryRun }) => {
      const report = await (await connect(context)).retention.run({ dryRun });
      print(context, report, () =>
        table(
          [dryRun ? 'would go' : 'gone', 'count', 'freed'],
          report.items.map(({ kind, count, bytes }) => [kind, String(count), size(bytes)]),
          context.columns,
        ),
      );
    },
  });
};
