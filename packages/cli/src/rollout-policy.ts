import { MaintenanceWindow, SlipwayError, type AssignmentPolicy } from '@slipway/protocol';
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

export const policyOptions = {
  downloadOnly: z.boolean().default(false),
  window: z.array(z.string()).optional(),
  deadline: z.string().optional(),
  retry: z.int().min(0).optional(),
};
export const withPolicyOptions = (command: Command): Command =>
  command
    .option('--download-only', 'download and verify, but do not start it yet')
    .option(
      '--window <hours>',
      'when devices may restart, in their own time: 02:00-04:00 or "sat,sun 22:00-06:00"; may be given again',
      collect,
    )
    .option('--deadline <time>', 'from when on windows hold nothing back, such as 2026-12-24T18:00Z')
    .option('--retry <n>', 'how often devices take a release again that they have given up (0)', wholeNumber);

export const policyOf = (options: z.infer<z.ZodObject<typeof policyOptions>>): AssignmentPolicy => {
  const { downloadOnly, window: windows, deadline, retry } = options;
  const seconds = deadline === undefined ? undefined : Math.floor(Date.parse(deadline) / 1000);
  if (Number.isNaN(seconds))
    throw new SlipwayError('USAGE', `${deadline ?? ''} is no time; write it as 2026-12-24T18:00Z.`);
  return {
    ...(downloadOnly ? { mode: 'download' as const } : {}),
    ...(windows === undefined ? {} : { windows: windows.map(parseWindow) }),
    ...(seconds === undefined ? {} : { deadline: seconds }),
    ...(retry === undefined ? {} : { retry }),
  };
};

export const describePolicy = ({ mode, windows, deadline, retry }: AssignmentPolicy): string | undefined =>
  [
    ...(mode === 'download' ? ['download only'] : []),
    ...(windows ?? []).map(({ days, from, to }) =>
      [...(days === undefined ? [] : [days.map((day) => DAYS[day - 1]).join(',')]), `${from}-${to}`].join(
        ' ',
      ),
    ),
    ...(deadline === undefined ? [] : [`deadline ${time(new Date(deadline * 1000).toISOString())}`]),
    ...(retry === undefined ? [] : [`retry ${retry}`]),
  ].join('; ') || undefined;
