import type { Command } from 'commander';
import type { ServerStatus } from '@slipway/protocol';
import { z } from 'zod';
import { leaf, print, type MakeContext } from '../command.ts';
import { connect } from '../context.ts';
import { facts, size, table, time } from '../table.ts';
import { tellStop } from './emergency-stop.ts';

const show = (status: ServerStatus, columns: number | undefined): string =>
  [
    facts({
      state: status.state,
      problems: status.problems.join('; ') || null,
      warnings: status.warnings.join('; ') || null,
      version: status.version,
      'up since': time(status.startedAt),
      database: status.database,
      store: `${size(status.store.freeBytes)} of ${size(status.store.totalBytes)} free, builds need ${size(status.store.minFreeBytes)}`,
      builds: `${status.builds} not over; ${status.workers} workers`,
      qualifications: `${status.qualifications} not over; ${status.qualifiers} qualifiers`,
      rollouts: `${status.rollouts} running`,
      devices: `${status.devices.online} of ${status.devices.total} online`,
      offers: tellStop(status.stop).replaceAll('\n', '; '),
    }),
    '',
    table(
      ['queue', 'waiting', 'active', 'delayed', 'failed'],
      status.queues.map(({ name, ...counts }) => [
        name,
        ...[counts.waiting, counts.active, counts.delayed, counts.failed].map(String),
      ]),
      columns,
    ),
  ].join('\n');

export const statusCommand = (program: Command, makeContext: MakeContext): void => {
  leaf(program, makeContext, {
    usage: 'status',
    summary: 'show how the server is: emergency stop, database, disk, queues, what is under way',
    options: z.object({}),
    run: async (context) => {
      const status = await (await connect(context)).status.get();
      print(context, status, () => show(status, context.columns));
    },
  });
};
