import { AssignmentPolicy, MaintenanceWindow, SlipwayError } from '@slipway/protocol';
import type { Command } from 'commander';
import { z } from 'zod';
import { collect, wholeNumber } from './command.ts';
import { time } from './table.ts';

const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];

/** `02:00-04:00`, `sat,sun 22:00-06:00` */
const parseWindow = (text: string): MaintenanceWindow => {
  const match = /^(?:([a-z,]+) )?(\d\d:\d\d)-(\d\d:\d\d)$/.exec(text.trim().toLowerCase());
  const days = match?.[1]?.split(',').map((day) => DAYS.indexOf(day) + 1);
  const parsed = MaintenanceWindow.safeParse({
    ...(days === undefined ? {} : { days }),
    from: match?.[2],
    to: match?.[3],
  });
  if (parsed.success) return parsed.data;
  throw new SlipwayError(
    'USAGE',
    `${text} is no window; expected hours such as 02:00-04:00, with days before them if not on every day: "sat,sun 22:00-06:00".`,
  );
};

const MODES = AssignmentPolicy.shape.mode.unwrap();

export const policyOptions = {
  mode: MODES.optional(),
  downloadOnly: z.boolean().default(false),
  window: z.array(z.string()).optional(),
  deadline: z.string().optional(),
  retry: z.int().min(0).optional(),
};
export const withPolicyOptions = (command: Command): Command =>
  command
    .option(
      '--mode <mode>',
      'install (by itself), soft (once somebody at the device accepts it), download (not yet)',
    )
    .option('--download-only', 'the same as --mode download')
    .option(
      '--window <hours>',
      'when devices may restart, in their own time: 02:00-04:00 or "sat,sun 22:00-06:00"; may be given again',
      collect,
    )
    .option(
      '--deadline <time>',
      'from when on windows and a missing consent hold nothing back, such as 2026-12-24T18:00Z',
    )
    .option('--retry <n>', 'how often devices take a release again that they have given up (0)', wholeNumber);

export const policyOf = (options: z.infer<z.ZodObject<typeof policyOptions>>): AssignmentPolicy => {
  const { downloadOnly, window: windows, deadline, retry } = options;
  const mode = downloadOnly ? 'download' : options.mode;
  if (downloadOnly && options.mode !== undefined && options.mode !== mode)
    throw new SlipwayError(
      'USAGE',
      `--download-only and --mode ${options.mode} say different things; leave one out.`,
    );
  const seconds = deadline === undefined ? undefined : Math.floor(Date.parse(deadline) / 1000);
  if (Number.isNaN(seconds))
    throw new SlipwayError('USAGE', `${deadline ?? ''} is no time; write it as 2026-12-24T18:00Z.`);
  return {
    ...(mode === undefined ? {} : { mode }),
    ...(windows === undefined ? {} : { windows: windows.map(parseWindow) }),
    ...(seconds === undefined ? {} : { deadline: seconds }),
    ...(retry === undefined ? {} : { retry }),
  };
};

export const describePolicy = ({ mode, windows, deadline, retry }: AssignmentPolicy): string | undefined =>
  [
    ...(mode === 'download' ? ['download only'] : mode === 'soft' ? ['with consent'] : []),
    ...(windows ?? []).map(({ days, from, to }) =>
      [...(days === undefined ? [] : [days.map((day) => DAYS[day - 1]).join(',')]), `${from}-${to}`].join(
        ' ',
      ),
    ),
    ...(deadline === undefined ? [] : [`deadline ${time(new Date(deadline * 1000).toISOString())}`]),
    ...(retry === undefined ? [] : [`retry ${retry}`]),
  ].join('; ') || undefined;
