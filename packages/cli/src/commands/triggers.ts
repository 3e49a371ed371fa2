import type { Command } from 'commander';
import {
  BranchName,
  ClassName,
  DeliveryVerdict,
  SlipwayError,
  TriggerCreate,
  type Trigger,
  type TriggerDelivery,
} from '@slipway/protocol';
import { z } from 'zod';
import { collect, leaf, print, word, type MakeContext } from '../command.ts';
import { connect } from '../context.ts';
import { facts, table, time } from '../table.ts';
import { classTriggerCommands } from './class-triggers.ts';
import {
  complaintsOf,
  describeOn,
  describeRollout,
  describeRule,
  KINDS_SAID,
  readTrigger,
  triggerOptions,
  withTriggerOptions,
} from '../trigger-options.ts';

const HEADINGS = ['name', 'on', 'classes', 'what follows', 'enabled', 'from'];
const line = ({ name, on, classes, rule, enabled, classFile }: Trigger): string[] => [
  name,
  describeOn(on),
  classes?.join(', ') ?? 'all',
  describeRule(rule),
  enabled ? 'yes' : 'no',
  classFile ?? '-',
];

const show = (trigger: Trigger): string =>
  facts({
    trigger: trigger.id,
    name: trigger.name,
    enabled: trigger.enabled,
    on: describeOn(trigger.on),
    from: trigger.classFile,
    source: trigger.source,
    classes: trigger.classes?.join(', ') ?? 'all',
    rule: describeRule(trigger.rule),
    rollout: describeRollout(trigger.rule),
    ...Object.fromEntries(
      Object.entries(trigger.perClass).map(([name, rule]) => [`  ${name}`, describeRule(rule)]),
    ),
    within: `${trigger.windowSeconds} s`,
    'builds at once': trigger.maxBuilds,
    hook: trigger.hook,
    next: trigger.nextAt === null || !trigger.enabled ? null : time(trigger.nextAt),
    created: time(trigger.createdAt),
    updated: time(trigger.updatedAt),
  });

const outcome = ({ run, builds, reason, verdict }: TriggerDelivery): string => {
  if (builds.length > 0)
    return builds
      .map(({ deviceClass, state, build, code }) =>
        [deviceClass, state, build, code].filter(Boolean).join(' '),
      )
      .join('; ');
  return verdict === 'accepted' ? (run?.message ?? run?.state ?? reason) : reason;
};
const deliveryLine = (delivery: TriggerDelivery): string[] => [
  time(delivery.at),
  delivery.event,
  delivery.verdict,
  delivery.replays === 0 ? '-' : String(delivery.replays),
  outcome(delivery),
];

export const triggerCommands = (program: Command, makeContext: MakeContext): void => {
  const triggers = program
    .command('trigger')
    .alias('triggers')
    .summary('what makes builds by itself')
    .description('Triggers: pushes, images, times, changes upstream and releases that make builds.');
  leaf(triggers, makeContext, {
    usage: 'list',
    summary: 'list triggers',
    options: z.object({}),
    run: async (context) => {
      const found = await (await connect(context)).triggers.list().all();
      print(context, found, () => table(HEADINGS, found.map(line), context.columns));
    },
  });
  leaf(triggers, makeContext, {
    usage: 'create <name>',
    summary: 'make a trigger; prints the secret of its hook, once',
    options: z.object({ ...triggerOptions, disabled: z.boolean().default(false) }),
    build: (command) => withTriggerOptions(command).option('--disabled', 'do not let it build yet'),
    run: async (context, words, { disabled, ...options }) => {
      const said = await readTrigger(context.cwd, options);
      if (said.on === undefined) throw new SlipwayError('USAGE', `Say what sets it off: ${KINDS_SAID}.`);
      const asked = TriggerCreate.safeParse({
        ...said,
        name: word(words, 0),
        ...(disabled ? { enabled: false } : {}),
      });
      if (!asked.success) throw new SlipwayError('USAGE', complaintsOf(asked.error), { cause: asked.error });
      const made = await (await connect(context)).triggers.create(asked.data);
      print(context, made, () =>
        made.secret === null ? show(made) : `${show(made)}\nsecret          ${made.secret}`,
      );
    },
  });
  leaf(triggers, makeContext, {
    usage: 'show <trigger>',
    summary: 'show a trigger',
    options: z.object({}),
    run: async (context, words) => {
      const trigger = await (await connect(context)).triggers.get(word(words, 0));
      print(context, trigger, () => show(trigger));
    },
  });
  leaf(triggers, makeContext, {
    usage: 'edit <trigger>',
    summary: 'change a trigger: what is not said stays as it is',
    options: z.object({
      ...triggerOptions,
      name: z.string().optional(),
      enable: z.boolean().default(false),
      disable: z.boolean().default(false),
    }),
    build: (command) =>
      withTriggerOptions(command)
        .option('--name <name>', 'another name')
        .option('--enable', 'let it build')
        .option('--disable', 'let it build no more'),
    run: async (context, words, { name, enable, disable, ...options }) => {
      const client = await connect(context);
      const before = await client.triggers.get(word(words, 0));
      const change = {
        ...(await readTrigger(context.cwd, options, before.rule)),
        ...(name === undefined ? {} : { name }),
        ...(enable || disable ? { enabled: enable } : {}),
      };
      const trigger = await client.triggers.update(before.id, change);
      print(context, trigger, () => show(trigger));
    },
  });
  leaf(triggers, makeContext, {
    usage: 'delete <trigger>',
    summary: 'delete a trigger and its deliveries; its builds stay',
    options: z.object({}),
    run: async (context, words) => {
      await (await connect(context)).triggers.delete(word(words, 0));
      print(context, { deleted: word(words, 0) }, () => `${word(words, 0)}: deleted`);
    },
  });
  leaf(triggers, makeContext, {
    usage: 'run <trigger>',
    summary: 'set a trigger off by hand, whatever changed',
    options: z.object({ class: z.array(ClassName).optional(), branch: BranchName.optional() }),
    build: (command) =>
      command
        .option('--class <class>', 'only this class; may be given again', collect)
        .option('--branch <branch>', 'another branch than that of the source'),
    run: async (context, words, { class: classes, branch }) => {
      const asked = {
        ...(classes === undefined ? {} : { classes }),
        ...(branch === undefined ? {} : { branch }),
      };
      const delivery = await (await connect(context)).triggers.run(word(words, 0), asked);
      print(context, delivery, () => facts({ delivery: delivery.id, what: delivery.reason }));
    },
  });
  leaf(triggers, makeContext, {
    usage: 'deliveries <trigger>',
    summary: 'list what set a trigger off or tried to, newest first, and what came of it',
    options: z.object({ verdict: DeliveryVerdict.optional() }),
    build: (command) => command.option('--verdict <verdict>', `only ${DeliveryVerdict.options.join(', ')}`),
    run: async (context, words, { verdict }) => {
      const found = await (await connect(context)).triggers.listDeliveries(word(words, 0), { verdict }).all();
      print(context, found, () =>
        table(
          ['at', 'event', 'verdict', 'again', 'what came of it'],
          found.map(deliveryLine),
          context.columns,
        ),
      );
    },
  });
  classTriggerCommands(triggers, makeContext);
};
