import { z } from 'zod';
import { parseOptions } from '../parse-options.ts';

export const QUERIES_HELP = `npm run bench -- queries [options]

Fills a database with a fleet of several classes and its history, applies each migration to it, and has the plan told of
every statement behind the lists, queries, gateway and planner: time, pages, whether a large table is read from end to end.
The same statements are asked again of the same tables with no index but their keys, and lists by counting rows.

  --devices N    how many devices (100000); all else grows with them
  --dir DIR      where databases and figures are (.slipway/bench/queries)
  --json FILE    what was measured, for programs (DIR/queries.json); docs/queries-bench.schema.json describes it
  --engine NAME  postgres or pglite only; PostgreSQL is left out where it is not installed`;

const Options = z.object({
  help: z.boolean().default(false),
  devices: z.coerce.number().int().min(100).max(10_000_000).default(100_000),
  dir: z.string().optional(),
  json: z.string().optional(),
  engine: z.enum(['postgres', 'pglite']).optional(),
});

const FLAGS = { devices: 'string', dir: 'string', json: 'string', engine: 'string' } as const;

/** @throws {SlipwayError} USAGE */
export const parseQueriesOptions = (args: readonly string[]): z.infer<typeof Options> =>
  parseOptions(args, QUERIES_HELP, FLAGS, Options);
