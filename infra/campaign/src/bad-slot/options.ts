import { parseArgs } from 'node:util';
import { WholeChainArch, SlipwayError, messageOf } from '@slipway/protocol';
import { z } from 'zod';
import { CASE_NAMES, CASES } from './cases.ts';

export const BAD_SLOT_HELP = `npm run campaign -- bad-slot [options]

Rolls out bad releases to virtual devices through the whole chain, into either slot, on either architecture. Expects the
old slot to serve again by itself, one report with the right cause, and a device that takes a good update after it.

  --case NAME   only this case; may be given again
  --arch ARCH   only amd64 or arm64 (both)
  --slot SLOT   only releases that go into slot a, or b (both)
  --jobs N      devices at once (2)
  --out DIR     server, releases, devices and results; a run that was ended goes on from there (.slipway/bad-slot)
  --fresh       forget what is there
  --json FILE   the results, for programs (DIR/results.json)

Cases:
${CASES.map(({ name, what }) => `  ${name.padEnd(14)} ${what}`).join('\n')}

Exit status: 0 if every case ended as it must, 1 otherwise, 64 for wrong options.`;

const Options = z.object({
  help: z.boolean().default(false),
  case: z.array(z.enum(CASE_NAMES)).default([...CASE_NAMES]),
  arch: z.array(WholeChainArch).default([...WholeChainArch.options]),
  slot: z.array(z.enum(['a', 'b'])).default(['b', 'a']),
  jobs: z.coerce.number().int().min(1).max(64).default(2),
  out: z.string().optional(),
  fresh: z.boolean().default(false),
  json: z.string().optional(),
});
export type BadSlotOptions = z.infer<typeof Options>;

/** @throws {SlipwayError} USAGE */
export const parseBadSlotOptions = (args: readonly string[]): BadSlotOptions => {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        help: { type: 'boolean', short: 'h' },
        case: { type: 'string', multiple: true },
        arch: { type: 'string', multiple: true },
        slot: { type: 'string', multiple: true },
        jobs: { type: 'string' },
        out: { type: 'string' },
        fresh: { type: 'boolean' },
        json: { type: 'string' },
      },
    });
    return Options.parse(values);
  } catch (cause) {
    const why = cause instanceof z.ZodError ? z.prettifyError(cause) : messageOf(cause);
    throw new SlipwayError('USAGE', `${why}\n\n${BAD_SLOT_HELP}`, { cause });
  }
};
