import type { Command } from 'commander';
import { z } from 'zod';
import { leaf, print, type MakeContext } from '../command.ts';
import { connect } from '../context.ts';
import { table, time } from '../table.ts';

export const workerCommands = (program: Command, makeContext: MakeContext): void => {
  const workers = program
    .command('workers')
    .summary('build workers')
    .description('Processes that build images, on this and other machines.');
  leaf(workers, makeContext, {
    usage: 'list',
    summary: 'list the build workers that live, and what each does',
    options: z.object({}),
    run: async (context) => {
      const found = await (await connect(context)).workers.list();
      print(context, found, () =>
        table(
          ['worker', 'host', 'architectures', 'can do', 'at once', 'since', 'builds'],
          found.map((worker) => [
            worker.id,
            worker.host,
            worker.arches.join(', '),
            worker.capabilities.join(', '),
            String(worker.concurrency),
            time(worker.startedAt),
            worker.builds.join(' '),
          ]),
          context.columns,
        ),
      );
    },
  });
};
