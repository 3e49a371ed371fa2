import type { Command } from 'commander';
import {
  WebhookDeliveryState,
  WebhookEvent,
  type WebhookDelivery,
  type WebhookDeliveryDetails,
  type Webhook,
  type WebhookSecret,
} from '@slipway/protocol';
import { z } from 'zod';
import { collect, Ended, leaf, print, wholeNumber, word, type MakeContext } from '../command.ts';
import { connect } from '../context.ts';
import { facts, table, time } from '../table.ts';

const stateOf = ({ enabled, failingSince }: Webhook): string => {
  if (!enabled) return 'off';
  return failingSince === null ? 'on' : 'failing';
};
const eventsOf = ({ events }: Webhook): string => (events.length === 0 ? 'all' : events.join(', '));

const show = (webhook: Webhook): string =>
  facts({
    webhook: webhook.id,
    url: webhook.url,
    events: eventsOf(webhook),
    description: webhook.description === '' ? null : webhook.description,
    state: stateOf(webhook),
    'switched off because': webhook.disabledReason,
    'failing since': webhook.failingSince === null ? null : time(webhook.failingSince),
    'earlier secret until': webhook.previousSecretUntil === null ? null : time(webhook.previousSecretUntil),
    created: time(webhook.createdAt),
  });

const showSecret = (webhook: WebhookSecret): string =>
  `${show(webhook)}\n${facts({ secret: webhook.secret })}`;

const deliveryLine = (delivery: WebhookDelivery): string[] => [
  delivery.id,
  delivery.event,
  delivery.state,
  String(delivery.attempts),
  time(delivery.createdAt),
  time(delivery.nextAttemptAt),
];

const showDelivery = (delivery: WebhookDeliveryDetails): string =>
  [
    facts({
      delivery: delivery.id,
      event: delivery.event,
      state: delivery.state,
      'next try': delivery.nextAttemptAt === null ? null : time(delivery.nextAttemptAt),
      body: delivery.body,
    }),
    '',
    table(
      ['try', 'at', 'ms', 'status', 'failure', 'detail'],
      delivery.tries.map(({ number, at, ms, status, failure, detail }) => [
        String(number),
        time(at),
        ms === null ? '-' : String(ms),
        status === null ? '-' : String(status),
        failure ?? '-',
        (detail ?? '').split('\n', 1)[0] ?? '',
      ]),
    ),
  ].join('\n');

export const webhookCommands = (program: Command, makeContext: MakeContext): void => {
  const webhooks = program
    .command('webhooks')
    .alias('webhook')
    .summary('tell other servers of events')
    .description(
      'Events of builds, releases, rollouts and devices, posted and signed; see docs/webhooks.md.',
    );
  const events = (command: Command): Command =>
    command.option('-e, --event <name>', 'an event that is told, may be repeated; none: all', collect);

  leaf(webhooks, makeContext, {
    usage: 'list',
    summary: 'list webhooks',
    options: z.object({}),
    run: async (context) => {
      const found = await (await connect(context)).webhooks.list().all();
      print(context, found, () =>
        table(
          ['webhook', 'state', 'url', 'events'],
          found.map((one) => [one.id, stateOf(one), one.url, eventsOf(one)]),
          context.columns,
        ),
      );
    },
  });
  leaf(webhooks, makeContext, {
    usage: 'create <url>',
    summary: 'have events posted to a URL; the secret that signs them is shown this once',
    options: z.object({ event: z.array(WebhookEvent).optional(), description: z.string().optional() }),
    build: (command) => events(command).option('--description <text>', 'what it is for'),
    run: async (context, words, { event = [], description = '' }) => {
      const body = { url: word(words, 0), events: event, description };
      const webhook = await (await connect(context)).webhooks.create(body);
      print(context, webhook, () => showSecret(webhook));
    },
  });
  leaf(webhooks, makeContext, {
    usage: 'show <webhook>',
    summary: 'show a webhook',
    options: z.object({}),
    run: async (context, words) => {
      const webhook = await (await connect(context)).webhooks.get(word(words, 0));
      print(context, webhook, () => show(webhook));
    },
  });
  leaf(webhooks, makeContext, {
    usage: 'set <webhook>',
    summary: 'change what a webhook is told, or switch it on or off',
    options: z.object({
      url: z.string().optional(),
      event: z.array(WebhookEvent).optional(),
      on: z.literal(true).optional(),
      off: z.literal(true).optional(),
    }),
    build: (command) =>
      events(command)
        .option('--url <url>', 'where events are posted')
        .option('--on', 'also one that the server has switched off')
        .option('--off', 'tell it nothing; what waits for it goes on waiting'),
    run: async (context, words, { url, event, on, off }) => {
      const webhook = await (
        await connect(context)
      ).webhooks.update(word(words, 0), {
        ...(url === undefined ? {} : { url }),
        ...(event === undefined ? {} : { events: event }),
        ...(on === undefined && off === undefined ? {} : { enabled: off === undefined }),
      });
      print(context, webhook, () => show(webhook));
    },
  });
  leaf(webhooks, makeContext, {
    usage: 'delete <webhook>',
    summary: 'delete a webhook and its deliveries',
    options: z.object({}),
    run: async (context, words) => {
      const id = word(words, 0);
      await (await connect(context)).webhooks.delete(id);
      print(context, { id, deleted: true }, () => `${id}: deleted`);
    },
  });
  leaf(webhooks, makeContext, {
    usage: 'rotate <webhook>',
    summary: 'give it a new secret, shown this once; for a while the one before signs, too',
    options: z.object({ overlap: z.int().optional() }),
    build: (command) =>
      command.option('--overlap <seconds>', 'how long both secrets sign (86400)', wholeNumber),
    run: async (context, words, { overlap }) => {
      const body = overlap === undefined ? {} : { overlapSeconds: overlap };
      const webhook = await (await connect(context)).webhooks.rotate(word(words, 0), body);
      print(context, webhook, () => showSecret(webhook));
    },
  });
  leaf(webhooks, makeContext, {
    usage: 'ping <webhook>',
    summary: 'post a ping now; the status is 1 if it is not taken',
    options: z.object({}),
    run: async (context, words) => {
      const delivery = await (await connect(context)).webhooks.ping(word(words, 0));
      print(context, delivery, () => showDelivery(delivery));
      if (delivery.state !== 'delivered') throw new Ended(1);
    },
  });
  leaf(webhooks, makeContext, {
    usage: 'deliveries <webhook> [delivery]',
    summary: 'list what was posted or will be, newest first, or show one with its tries',
    options: z.object({ state: WebhookDeliveryState.optional() }),
    build: (command) => command.option('--state <state>', 'pending, delivered or failed'),
    run: async (context, words, { state }) => {
      const client = await connect(context);
      const [webhook = '', delivery] = words;
      if (delivery !== undefined) {
        const found = await client.webhooks.getDelivery(webhook, delivery);
        print(context, found, () => showDelivery(found));
        return;
      }
      const query = state === undefined ? {} : { state };
      const found = await client.webhooks.listDeliveries(webhook, query).all();
      print(context, found, () =>
        table(
          ['delivery', 'event', 'state', 'tries', 'created', 'next try'],
          found.map(deliveryLine),
          context.columns,
        ),
      );
    },
  });
  leaf(webhooks, makeContext, {
    usage: 'redeliver <webhook> <delivery>',
    summary: 'try a delivery anew, under the same id',
    options: z.object({}),
    run: async (context, words) => {
      const client = await connect(context);
      const delivery = await client.webhooks.redeliverDelivery(word(words, 0), word(words, 1));
      print(context, delivery, () => `${delivery.id}: ${delivery.state}`);
    },
  });
};
