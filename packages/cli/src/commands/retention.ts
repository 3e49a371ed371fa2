import type { Command } from 'commander';
import type { RetentionAmount } from '@slipway/protocol';
import { z } from 'zod';
import { leaf, print, type MakeContext } from '../command.ts';
import { connect } from '../context.ts';
import { size, table } from '../table.ts';

const amount = ({ count, bytes }: RetentionAmount): string =>
  bytes === 0 ? String(count) : `${count} (${size(bytes)})`;

export const retentionCommands = (program: Command, makeContext: MakeContext): void => {
  const retention = program
    .command('retention')
    .summary('what is kept for how long')
    .description('Whatever is removed after a time, because nothing needs it any more.');
  leaf(retention, makeContext, {
    usage: 'show',
    summary: 'show for how long things are kept, what is there, and what of it the next run removes',
    options: z.object({}),
    run: async (context) => {
      const kept = await (await connect(context)).retention.get();
      print(context, kept, () =>
        table(
          ['what', 'there', 'due', 'kept'],
          kept.kinds.map((row) => [row.kind, amount(row.there), amount(row.due), row.kept]),
          context.columns,
        ),
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
        [
          table(
            [dryRun ? 'would go' : 'gone', 'count', 'freed'],
            report.items.map(({ kind, count, bytes }) => [kind, String(count), size(bytes)]),
            context.columns,
          ),
          ...(report.more ? ['There is more; the server goes on, or run it again.'] : []),
        ].join('\n'),
      );
    },
  });
};
