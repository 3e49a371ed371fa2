import { z } from 'zod';
import { parseOptions } from '../parse-options.ts';

export const STOP_HELP = `npm run bench -- stop [options]

Connects simulated devices to a mosquitto, offers all of them a release by a gateway that is a process of its own, on
PostgreSQL, and has each ask for block after block. Then an emergency stop: how long until the last device has its offer
taken back, until the last block is given out, and until every device was refused one. The status is 1 where that is more
than the limit.

  --devices N        how many devices (5000); each takes an open file here and one of the broker
  --limit-seconds S  what is too long (5)
  --dir DIR          where the figures are (.slipway/bench/stop)
  --json FILE        what was measured, for programs (DIR/stop.json); docs/stop-bench.schema.json describes it`;

const Options = z.object({
  help: z.boolean().default(false),
  devices: z.coerce.number().int().min(1).max(15_000).default(5000),
  'limit-seconds': z.coerce.number().positive().default(5),
  dir: z.string().optional(),
  json: z.string().optional(),
});

const FLAGS = { devices: 'string', 'limit-seconds': 'string', dir: 'string', json: 'string' } as const;

/** @throws {SlipwayError} USAGE */
export const parseStopOptions = (args: readonly string[]): z.infer<typeof Options> =>
  parseOptions(args, STOP_HELP, FLAGS, Options);
