import { z } from 'zod';
import { parseOptions } from '../parse-options.ts';

export const FIELD_HELP = `npm run bench -- field [options]

Fills a database with devices that run releases of eight classes, each with its packages, and asks who runs what: by the
functions that the API asks with, from the question to the answer. The status is 1 where an answer takes longer than the limit,
or is found by reading all devices although few run it.

  --devices N        how many devices (100000)
  --releases N       how many releases (200)
  --packages N       packages in each (150)
  --limit-seconds S  what is too long (2)
  --dir DIR          where databases and figures are (.slipway/bench/field)
  --json FILE        what was measured, for programs (DIR/field.json); docs/field-bench.schema.json describes it
  --engine NAME      postgres or pglite only; PostgreSQL is left out where it is not installed`;

const Options = z.object({
  help: z.boolean().default(false),
  devices: z.coerce.number().int().min(100).max(10_000_000).default(100_000),
  releases: z.coerce.number().int().min(16).max(100_000).default(200),
  packages: z.coerce.number().int().min(10).max(10_000).default(150),
  'limit-seconds': z.coerce.number().positive().default(2),
  dir: z.string().optional(),
  json: z.string().optional(),
  engine: z.enum(['postgres', 'pglite']).optional(),
});
export type FieldOptions = z.infer<typeof Options>;

const FLAGS = {
  devices: 'string',
  releases: 'string',
  packages: 'string',
  'limit-seconds': 'string',
  dir: 'string',
  json: 'string',
  engine: 'string',
} as const;

/** @throws {SlipwayError} USAGE */
export const parseFieldOptions = (args: readonly string[]): FieldOptions =>
  parseOptions(args, FIELD_HELP, FLAGS, Options);
