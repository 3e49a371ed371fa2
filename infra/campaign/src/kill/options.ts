import { parseArgs } from 'node:util';
import { messageOf, SlipwayError } from '@slipway/protocol';
import { z } from 'zod';
import { VICTIMS } from './victims.ts';

export const KILL_HELP = `npm run campaign -- kill [options]

Rolls a release out to simulated devices, every service a process of its own on PostgreSQL, and meanwhile kills (SIGKILL)
broker, Redis, database, API, two gateways, builder and signer in turn, each to be started again at once. Expects that no
report is lost that a device was told to be recorded, that nothing is installed twice, that no limit is passed, and that
every device ends as it would have without kills. Some devices roll back or refuse the release, by the seed. PostgreSQL
is needed.

  --kills N       how many (20), evenly over the course of the rollout
  --only NAMES    kill only these, such as broker,database (all)
  --devices N     simulated devices (500)
  --in-flight N   devices under way at once, at most (40)
  --speed N       how much faster the devices are than real ones (10)
  --seed N        of the order of the kills and the outcomes of the devices (1)
  --out DIR       everything lies here, emptied before (.slipway/kill-campaign)
  --json FILE     the results, for programs (DIR/results.json)

Exit status: 0 if all was as expected, 1 otherwise, 64 for wrong options.`;

const count = z.coerce.number().int().min(1);

const Options = z.object({
  help: z.boolean().default(false),
  kills: z.coerce.number().int().min(0).max(1000).default(20),
  only: z
    .string()
    .transform((text) => text.split(','))
    .pipe(z.array(z.enum(VICTIMS)).min(1))
    .default([...VICTIMS]),
  devices: count.max(10_000).default(500),
  'in-flight': count.default(40),
  speed: z.coerce.number().positive().default(10),
  seed: count.default(1),
  out: z.string().optional(),
  json: z.string().optional(),
});
export type KillOptions = z.infer<typeof Options>;

/** @throws {SlipwayError} USAGE */
export const parseKillOptions = (args: readonly string[]): KillOptions => {
  try {
    const text = { type: 'string' } as const;
    const { values } = parseArgs({
      args: [...args],
      options: {
        help: { type: 'boolean', short: 'h' },
        kills: text,
        only: text,
        devices: text,
        'in-flight': text,
        speed: text,
        seed: text,
        out: text,
        json: text,
      },
    });
    return Options.parse(values);
  } catch (cause) {
    const why = cause instanceof z.ZodError ? z.prettifyError(cause) : messageOf(cause);
    throw new SlipwayError('USAGE', `${why}\n\n${KILL_HELP}`, { cause });
  }
};
