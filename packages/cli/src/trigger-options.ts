import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import {
  messageOf,
  SlipwayError,
  TriggerChange,
  TriggerOn,
  TriggerRule,
  type TriggerKind,
} from '@slipway/protocol';
import { z } from 'zod';
import { collect, wholeNumber } from './command.ts';
import { describePlan, planOf, planOptions, withPlanOptions, type PlanAsked } from './rollout-plan.ts';
import { describePolicy, policyOf, policyOptions, withPolicyOptions } from './rollout-policy.ts';

/** Options of `trigger create` and `trigger edit`. */
export const triggerOptions = {
  file: z.string().optional(),
  source: z.string().optional(),
  class: z.array(z.string()).optional(),
  every: z.int().min(1).optional(),
  forge: z.string().optional(),
  repository: z.string().optional(),
  sender: z.string().optional(),
  image: z.array(z.string()).optional(),
  schedule: z.string().optional(),
  timeZone: z.string().optional(),
  releaseOf: z.string().optional(),
  ofChannel: z.string().optional(),
  branch: z.array(z.string()).optional(),
  include: z.array(z.string()).optional(),
  exclude: z.array(z.string()).optional(),
  channel: z.string().optional(),
  publish: z.boolean().optional(),
  rollout: z.boolean().optional(),
  group: z.string().optional(),
  query: z.string().optional(),
  within: z.int().min(0).optional(),
  maxBuilds: z.int().min(1).optional(),
  secretFile: z.string().optional(),
  ...planOptions,
  ...policyOptions,
};
export type TriggerOptions = z.infer<z.ZodObject<typeof triggerOptions>>;

export const withTriggerOptions = (command: Command): Command =>
  withPolicyOptions(
    withPlanOptions(
      command
        .option('--file <file>', 'all of it as JSON, as show --json prints it; options go over it')
        .option('--source <source>', 'the git repository to build from; otherwise that of the server')
        .option('--class <class>', 'what it builds; may be given again; otherwise every class', collect)
        .option('--forge <forge>', 'on a push that github, gitlab or gitea tells of')
        .option('--repository <name>', 'only of this repository, such as acme/images')
        .option('--sender <registry>', 'on an image that distribution, harbor, dockerhub or ghcr tells of')
        .option('--image <glob>', 'only these images; otherwise those that a class uses', collect)
        .option('--schedule <fields>', 'by time: minute, hour, day of month, month, day of week')
        .option('--time-zone <zone>', 'of the schedule, such as Europe/Berlin (UTC)')
        .option('--every <minutes>', 'when tags or packages have changed, looked at so often', wholeNumber)
        .option('--release-of <class>', 'on a release of another class')
        .option('--of-channel <channel>', 'once that is published to this channel')
        .option(
          '--branch <glob[=channel]>',
          'branches that build, with their channel; may be given again',
          collect,
        )
        .option('--include <glob>', 'files that count beside those a class is made of', collect)
        .option('--exclude <glob>', 'files that never count', collect)
        .option('--channel <channel>', 'where releases go, unless the branch has its own')
        .option('--publish', 'publish what was built')
        .option('--rollout', 'roll out what was published')
        .option('--group <group>', 'roll out to this group')
        .option('--query <query>', 'roll out to what this query finds')
        .option('--within <seconds>', 'what is equal and comes so soon after is one build (5)', wholeNumber)
        .option('--max-builds <n>', 'builds of a class at once (2)', wholeNumber)
        .option('--secret-file <file>', 'the secret of its hook; otherwise one is made'),
    ),
  );

/** Without what was not said; the schema of the API has the last word on the rest. */
const definedOf = (values: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));

const usage = (message: string): SlipwayError => new SlipwayError('USAGE', message);

export const KINDS_SAID = 'one of --forge, --sender, --schedule, --every and --release-of';

/** Each with its place in the JSON of the trigger. */
export const complaintsOf = ({ issues }: z.ZodError): string =>
  issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');

/** What the options say sets it off; undefined: nothing. */
export const onOf = (options: TriggerOptions): unknown => {
  const {
    forge,
    repository,
    sender,
    image: images,
    schedule,
    timeZone,
    every,
    releaseOf,
    ofChannel,
  } = options;
  const said: Readonly<Record<TriggerKind, object | undefined>> = {
    push: forge === undefined ? undefined : { forge, repository },
    registry: sender === undefined ? undefined : { sender, images },
    cron: schedule === undefined ? undefined : { schedule, timeZone },
    upstream: every === undefined ? undefined : { everyMinutes: every },
    release: releaseOf === undefined ? undefined : { deviceClass: releaseOf, channel: ofChannel },
  };
  const kinds = Object.entries(said).filter(([, value]) => value !== undefined);
  if (kinds.length > 1) throw usage(`Expected ${KINDS_SAID}. Make a trigger for each.`);
  const [only] = kinds;
  return only === undefined ? undefined : { kind: only[0], ...definedOf(only[1] ?? {}) };
};

const branchOf = (text: string): { match: string; channel?: string } => {
  const [match = '', channel] = text.split('=');
  return channel === undefined ? { match } : { match, channel };
};

/** The rule as it was, with what the options say of it; undefined: they say nothing. */
export const ruleOf = (
  options: TriggerOptions,
  plan: PlanAsked,
  before: TriggerRule | undefined,
): unknown => {
  const { include, exclude, branch, channel, publish, rollout, group, query } = options;
  const policy = policyOf(options);
  const gates = definedOf({
    group,
    query,
    ...plan,
    policy: Object.keys(policy).length === 0 ? undefined : policy,
  });
  const wantsRollout = rollout === true || before?.rollout !== undefined;
  if (Object.keys(gates).length > 0 && !wantsRollout)
    throw usage('What a rollout is like takes --rollout, too.');
  const changes = definedOf({
    paths:
      include === undefined && exclude === undefined
        ? undefined
        : { ...before?.paths, ...definedOf({ include, exclude }) },
    branches: branch?.map(branchOf),
    channel,
    publish: publish ?? (rollout === true ? true : undefined),
    rollout: rollout === true || Object.keys(gates).length > 0 ? { ...before?.rollout, ...gates } : undefined,
  });
  return Object.keys(changes).length === 0 ? undefined : { ...before, ...changes };
};

const FromFile = z.looseObject({});

/**
 * What file and options say, in the terms of the API.
 *
 * @param before rule of the trigger that is edited
 * @throws {SlipwayError} USAGE, NOT_FOUND, SPEC_SYNTAX, SPEC_INVALID
 */
export const readTrigger = async (
  cwd: string,
  options: TriggerOptions,
  before?: TriggerRule,
): Promise<TriggerChange> => {
  const textOf = async (file: string): Promise<string> =>
    readFile(resolve(cwd, file), 'utf8').catch((cause: unknown) => {
      throw new SlipwayError('NOT_FOUND', `${file} cannot be read: ${messageOf(cause)}`, { cause });
    });
  let file: Record<string, unknown> = {};
  if (options.file !== undefined) {
    const parsed = FromFile.safeParse(parseJson(await textOf(options.file), options.file));
    if (!parsed.success) throw usage(`${options.file}: expected an object of JSON.`);
    // What the server gives, it does not take.
    const {
      id: _id,
      hook: _hook,
      classFile: _classFile,
      nextAt: _nextAt,
      createdAt: _createdAt,
      updatedAt: _updatedAt,
      ...rest
    } = parsed.data;
    file = rest;
  }
  const inFile = z.object({ rule: TriggerRule.optional() }).safeParse(file).data?.rule;
  const asked = {
    ...file,
    ...definedOf({
      source: options.source,
      classes: options.class,
      on: onOf(options),
      rule: ruleOf(options, await planOf(cwd, options), inFile ?? before),
      windowSeconds: options.within,
      maxBuilds: options.maxBuilds,
      secret: options.secretFile === undefined ? undefined : (await textOf(options.secretFile)).trim(),
    }),
  };
  const change = TriggerChange.safeParse(asked);
  if (!change.success) throw usage(complaintsOf(change.error));
  return change.data;
};

const parseJson = (text: string, file: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new SlipwayError('USAGE', `${file}: expected JSON: ${messageOf(cause)}`, { cause });
  }
};

export const describeOn = (on: TriggerOn): string => {
  switch (on.kind) {
    case 'push':
      return `push to ${on.repository ?? 'the source'}${on.forge === undefined ? '' : ` (${on.forge})`}`;
    case 'registry':
      return `image pushed (${on.sender})${on.images === undefined ? '' : `: ${on.images.join(', ')}`}`;
    case 'cron':
      return `${on.schedule} (${on.timeZone})`;
    case 'upstream':
      return `upstream, every ${on.everyMinutes} min`;
    case 'release':
      return `release of ${on.deviceClass}${on.channel === undefined ? '' : `/${on.channel}`}`;
    default:
      return on satisfies never;
  }
};

/** What a rollout of its releases is like; undefined: there is none. */
export const describeRollout = ({ rollout }: TriggerRule): string | undefined => {
  if (rollout === undefined) return undefined;
  const { group, query, policy } = rollout;
  return [
    ...(group === undefined ? [] : [`to group ${group}`]),
    ...(query === undefined ? [] : [`to what finds: ${query}`]),
    ...describePlan(rollout),
    ...[policy === undefined ? undefined : describePolicy(policy)].filter((text) => text !== undefined),
  ].join('; ');
};

export const describeRule = ({ branches, paths, channel, publish, rollout }: TriggerRule): string =>
  [
    ...(branches ?? []).map(({ match, channel: to }) => (to === undefined ? match : `${match} → ${to}`)),
    ...(paths?.include ?? []).map((glob) => `with ${glob}`),
    ...(paths?.exclude ?? []).map((glob) => `without ${glob}`),
    ...(channel === undefined ? [] : [`channel ${channel}`]),
    ...(publish ? ['publish'] : []),
    ...(rollout === undefined ? [] : ['roll out']),
  ].join(', ') || 'build';
