import type { Command } from 'commander';
import type { BuildWorker, Qualifier } from '@slipway/protocol';
import { z } from 'zod';
import { leaf, print, type MakeContext } from '../command.ts';
import { connect } from '../context.ts';
import { table, time } from '../table.ts';

const builderTable = (workers: readonly BuildWorker[], columns: number | undefined): string =>
  table(
    ['builder', 'host', 'architectures', 'can do', 'at once', 'since', 'builds'],
    workers.map((worker) => [
      worker.id,
      worker.host,
      worker.arches.join(', '),
      worker.capabilities.join(', '),
      String(worker.concurrency),
      time(worker.startedAt),
      worker.builds.join(' '),
    ]),
    columns,
  );

const qualifierTable = (qualifiers: readonly Qualifier[], columns: number | undefined): string =>
  table(
    ['qualifier', 'host', 'architectures', 'since', 'releases', ''],
    qualifiers.map((qualifier) => [
      qualifier.id,
      qualifier.host,
      qualifier.arches.join(', '),
      time(qualifier.startedAt),
      qualifier.releases.join(' '),
      Object.entries(qualifier.cannot)
        .map(([arch, why]) => `not ${arch}: ${why}`)
        .join('; '),
    ]),
    columns,
  );

export const workerCommands = (program: Command, makeContext: MakeContext): void => {
  const workers = program
    .command('workers')
    .summary('what builds images and qualifies releases')
    .description('Processes that build images and try releases, on this and other machines.');
  leaf(workers, makeContext, {
    usage: 'list',
    summary: 'list the builders and qualifiers that live, and what each does',
    options: z.object({}),
    run: async (context) => {
      const client = await connect(context);
      const [builders, qualifiers] = [await client.workers.list(), await client.qualifiers.list()];
      print(context, { builders, qualifiers }, () =>
        [builderTable(builders, context.columns), '', qualifierTable(qualifiers, context.columns)].join('\n'),
      );
    },
  });
};
