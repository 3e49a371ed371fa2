import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { messageOf, OnFailure, SlipwayError, type RolloutRule } from '@slipway/protocol';
import { z } from 'zod';
import { collect, wholeNumber } from './command.ts';
import { describeDuration, DURATIONS, parseDuration } from './duration.ts';
import { describeLimits, NO_NUMBER, parsePercent } from './threshold.ts';
import { parseWaveFile } from './wave-file.ts';
import { describeWho, nameOfWave } from './wave-table.ts';
import { parseWave } from './wave-text.ts';

/** How a rollout goes, of `rollouts create`, `rollouts preview` and triggers. */
export const planOptions = {
  wave: z.array(z.string()).optional(),
  waves: z.string().optional(),
  failureThreshold: z.int().min(1).optional(),
  failurePercent: z.string().optional(),
  maxInFlight: z.int().min(1).optional(),
  maxPerMinute: z.int().min(1).optional(),
  soak: z.string().optional(),
  onFailure: OnFailure.optional(),
  approval: z.boolean().optional(),
  retries: z.int().min(0).max(10).optional(),
  backoff: z.string().optional(),
  penalty: z.string().optional(),
  priority: z.int().min(0).max(100).optional(),
  conflictPatience: z.int().min(1).optional(),
  offlinePatience: z.string().optional(),
};
export type PlanOptions = z.infer<z.ZodObject<typeof planOptions>>;

/** Of one rollout, when it goes. */
export const timeOptions = { startAt: z.string().optional(), endAt: z.string().optional() };

export const withPlanOptions = (command: Command): Command =>
  command
    .option(
      '--wave <wave>',
      'a wave such as "canary: device=dev-1,dev-2; soak=1h" or "10%; failure=2%"; may be given again, in their order',
      collect,
    )
    .option('--waves <file>', 'the waves as a file of YAML')
    .option('--failure-threshold <n>', 'failed devices that stop the rollout (1)', wholeNumber)
    .option(
      '--failure-percent <share>',
      'the same as a share of the devices of the waves that have begun, such as 2%',
    )
    .option('--max-in-flight <n>', 'devices under way at once (100)', wholeNumber)
    .option('--max-per-minute <n>', 'devices that are offered the release within a minute', wholeNumber)
    .option('--soak <time>', 'how long devices must stay healthy before the next wave, such as 1h')
    .option('--on-failure <what>', 'stop, pause, or rollback: devices that committed go back (stop)')
    .option('--approval', 'somebody else must approve before it starts')
    .option('--retries <n>', 'how often a device that failed is offered the release again (0)', wholeNumber)
    .option('--backoff <time>', 'how long before it is, twice as long each time (10m)')
    .option(
      '--penalty <time>',
      'how long a device that used up its retries is offered nothing by any rollout',
    )
    .option('--priority <n>', 'which rollout goes first on a device: 0 to 100 (50)', wholeNumber)
    .option(
      '--conflict-patience <seconds>',
      'how long to wait for a device that takes a release of another rollout (86400)',
      wholeNumber,
    )
    .option(
      '--offline-patience <time>',
      'how long a wave waits for devices that are not connected, such as 2d (for ever)',
    );

export const withTimeOptions = (command: Command): Command =>
  command
    .option('--start-at <time>', 'such as 2026-12-24T18:00Z, or from now on: 2h')
    .option('--end-at <time>', 'nothing is offered after it');

const usage = (message: string): SlipwayError => new SlipwayError('USAGE', message);

export const secondsOf = (option: string, text: string): number => {
  const seconds = parseDuration(text);
  if (seconds !== undefined) return seconds;
  throw usage(`--${option}: expected ${DURATIONS}, found ${JSON.stringify(text)}.`);
};

export const percentOf = (option: string, text: string): number => {
  const percent = parsePercent(text) ?? parsePercent(`${text}%`);
  if (percent !== undefined) return percent;
  throw usage(`--${option}: expected a share above 0 % and up to 100 %, found ${JSON.stringify(text)}.`);
};

/** A time, or how long from now. */
export const momentOf = (option: string, text: string, now: Date): string => {
  const wait = parseDuration(text);
  const at = wait === undefined ? Date.parse(text) : now.getTime() + wait * 1000;
  if (!Number.isNaN(at)) return new Date(at).toISOString();
  throw usage(
    `--${option}: expected a time such as 2026-12-24T18:00Z, or one from now on such as 2h, found ${JSON.stringify(text)}.`,
  );
};

const wavesOf = async (cwd: string, { wave, waves: file }: PlanOptions): Promise<RolloutRule['waves']> => {
  if (file === undefined) return wave?.map(parseWave);
  if (wave !== undefined) throw usage('Expected --wave or --waves, not both.');
  const text = await readFile(resolve(cwd, file), 'utf8').catch((cause: unknown) => {
    throw new SlipwayError('NOT_FOUND', `${file} cannot be read: ${messageOf(cause)}`, { cause });
  });
  return parseWaveFile(text, file);
};

const DEFAULT_BACKOFF_S = 600;

/** What of a rollout is said by options, without all that is not. */
export type PlanAsked = Partial<Omit<RolloutRule, 'group' | 'query' | 'policy'>>;

/**
 * What options say of how a rollout goes, in the terms of the API.
 *
 * @throws {SlipwayError} USAGE, NOT_FOUND, SPEC_SYNTAX, SPEC_INVALID
 */
export const planOf = async (cwd: string, options: PlanOptions): Promise<PlanAsked> => {
  const { failurePercent, soak, retries, backoff, penalty, offlinePatience } = options;
  if (backoff !== undefined && retries === undefined)
    throw usage('--backoff says when to offer again: say how often by --retries, too.');
  const asked = {
    waves: await wavesOf(cwd, options),
    failureThreshold: options.failureThreshold ?? (failurePercent === undefined ? undefined : NO_NUMBER),
    failurePercent: failurePercent === undefined ? undefined : percentOf('failure-percent', failurePercent),
    maxInFlight: options.maxInFlight,
    maxPerMinute: options.maxPerMinute,
    soakSeconds: soak === undefined ? undefined : secondsOf('soak', soak),
    onFailure: options.onFailure,
    approval: options.approval,
    retries:
      retries === undefined
        ? undefined
        : {
            max: retries,
            backoffSeconds: backoff === undefined ? DEFAULT_BACKOFF_S : secondsOf('backoff', backoff),
          },
    penaltySeconds: penalty === undefined ? undefined : secondsOf('penalty', penalty),
    priority: options.priority,
    conflictPatienceSeconds: options.conflictPatience,
    offlinePatienceSeconds:
      offlinePatience === undefined ? undefined : secondsOf('offline-patience', offlinePatience),
  };
  return Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined));
};

/** @throws {SlipwayError} USAGE */
export const timesOf = (
  { startAt, endAt }: z.infer<z.ZodObject<typeof timeOptions>>,
  now: Date,
): { startAt?: string; endAt?: string } => ({
  ...(startAt === undefined ? {} : { startAt: momentOf('start-at', startAt, now) }),
  ...(endAt === undefined ? {} : { endAt: momentOf('end-at', endAt, now) }),
});

const ENDS = { stop: 'stops', pause: 'pauses', rollback: 'goes back' } as const;

/** The same in words. */
export const describePlan = (plan: RolloutRule): string[] => {
  const { waves, failureThreshold, failurePercent, maxInFlight, maxPerMinute, soakSeconds, retries } = plan;
  return [
    ...(waves ?? []).map(
      (wave, index) => `wave ${nameOfWave({ index, name: wave.name ?? null })}: ${describeWho(wave)}`,
    ),
    `${maxInFlight} at once`,
    ...(maxPerMinute === undefined ? [] : [`${maxPerMinute} a minute`]),
    `${ENDS[plan.onFailure ?? 'stop']} at ${describeLimits(failureThreshold, failurePercent ?? null)} failed`,
    ...(soakSeconds === undefined ? [] : [`soak ${describeDuration(soakSeconds)}`]),
    ...(retries === undefined ? [] : [`${retries.max} retries`]),
    ...(plan.offlinePatienceSeconds === undefined
      ? []
      : [`${describeDuration(plan.offlinePatienceSeconds)} for devices that are offline`]),
    ...(plan.priority === undefined ? [] : [`priority ${plan.priority}`]),
    ...(plan.approval === true ? ['after approval'] : []),
  ];
};
