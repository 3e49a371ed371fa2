import { z } from 'zod';
import { parseOptions } from '../parse-options.ts';

export const DASHBOARD_HELP = `npm run bench -- dashboard [options]

Opens the dashboard in Chromium, on a server whose PostgreSQL is filled with devices: what the first screen loads, what it costs
the processor until it can be used, and whether the table of devices scrolls without a halt. The status is 1 where a goal is missed.

  --devices N        how many devices (100000)
  --runs N           how often the first screen is opened, each time with nothing in the cache (5)
  --dir DIR          where data and figures are (.slipway/bench/dashboard)
  --json FILE        what was measured, for programs (DIR/dashboard.json); docs/dashboard-bench.schema.json describes it`;

const Options = z.object({
  help: z.boolean().default(false),
  devices: z.coerce.number().int().min(100).max(10_000_000).default(100_000),
  runs: z.coerce.number().int().min(1).max(100).default(5),
  dir: z.string().optional(),
  json: z.string().optional(),
});

const FLAGS = { devices: 'string', runs: 'string', dir: 'string', json: 'string' } as const;

/** @throws {SlipwayError} USAGE */
export const parseDashboardOptions = (args: readonly string[]): z.infer<typeof Options> =>
  parseOptions(args, DASHBOARD_HELP, FLAGS, Options);
