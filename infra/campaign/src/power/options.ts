import { parseArgs } from 'node:util';
import { WholeChainArch, SlipwayError, messageOf } from '@slipway/protocol';
import { z } from 'zod';
import { ScenarioNames } from './record/scenario.ts';

export const POWER_HELP = `npm run campaign -- power [options]

Records every block write, flush and write of an EFI variable while a virtual device installs, proves and commits an
update, and while it goes back from a bad one. Then cuts the power after each of them, tears and drops writes that were
not flushed, starts what is left, and expects a verified slot and the same end as without the cut.

  --out DIR     images, recordings and results; a run that was ended goes on from there (.slipway/power)
  --fresh       forget what is in DIR and begin anew, as is needed when the agent has changed
  --arch ARCH   only amd64 or arm64 (both)
  --scenario S  only commit, an update that is kept, or rollback, from a bad one (both)
  --cases N     at most, some of every kind; 0: every boundary, every torn write, lost writes everywhere (0)
  --real N      how many of them boot in QEMU (300)
  --kills N     besides, kill QEMU N times at random moments of an update (20)
  --jobs N      at once (processors of this machine)
  --seed N      of everything that is chosen by chance (1)
  --minutes M   end after M minutes with what is done by then
  --case ID     only this case, by a real boot; what the cut left and the console are kept in DIR/cases/ID
  --json FILE   the summary, for programs (DIR/summary.json); docs/power-campaign.schema.json describes it

Exit status: 0 if nothing is bricked and no outcome is wrong, 1 otherwise, 64 for wrong options.`;

const count = z.coerce.number().int().min(0);

const Options = z.object({
  help: z.boolean().default(false),
  out: z.string().optional(),
  fresh: z.boolean().default(false),
  arch: z.array(WholeChainArch).default(WholeChainArch.options),
  scenario: z.array(z.enum(ScenarioNames)).default([...ScenarioNames]),
  cases: count.default(0),
  real: count.default(300),
  kills: count.default(20),
  jobs: count.min(1).max(64).optional(),
  seed: count.default(1),
  minutes: z.coerce.number().positive().optional(),
  case: z.string().optional(),
  json: z.string().optional(),
});
export type PowerOptions = z.infer<typeof Options>;

/** @throws {SlipwayError} USAGE */
export const parsePowerOptions = (args: readonly string[]): PowerOptions => {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        help: { type: 'boolean', short: 'h' },
        out: { type: 'string' },
        fresh: { type: 'boolean' },
        arch: { type: 'string', multiple: true },
        scenario: { type: 'string', multiple: true },
        cases: { type: 'string' },
        real: { type: 'string' },
        kills: { type: 'string' },
        jobs: { type: 'string' },
        seed: { type: 'string' },
        minutes: { type: 'string' },
        case: { type: 'string' },
        json: { type: 'string' },
      },
    });
    return Options.parse(values);
  } catch (cause) {
    const why = cause instanceof z.ZodError ? z.prettifyError(cause) : messageOf(cause);
    throw new SlipwayError('USAGE', `${why}\n\n${POWER_HELP}`, { cause });
  }
};
