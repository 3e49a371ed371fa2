import type { Command } from 'commander';
import { DeviceEventKind, isTerminal, type DeviceCertificate, type DeviceEvent } from '@slipway/protocol';
import { z } from 'zod';
import { leaf, print, wholeNumber, word, type MakeContext } from '../command.ts';
import { connect } from '../context.ts';
import { describeDuration } from '../duration.ts';
import { table, time } from '../table.ts';

const EVENT_HEADINGS = ['at', 'kind', 'what', 'took', 'by', 'why'];

const took = (from: string, until: string | null): string =>
  until === null ? '-' : describeDuration((Date.parse(until) - Date.parse(from)) / 1000);

const ENDED = { lost: 'the connection broke', shutdown: 'it said goodbye' } as const;

/** Moment, kind, what it was, how long it took or lasted, who did it, and why it ended so. */
export const eventLine = (event: DeviceEvent): string[] => {
  const head = [time(event.at), event.kind];
  switch (event.kind) {
    case 'update': {
      const { state, code, rollout, updatedAt } = event.execution;
      const until = isTerminal(state) ? updatedAt : null;
      return [...head, `${event.version ?? '-'} ${state}`, took(event.at, until), rollout, code ?? ''];
    }
    case 'command': {
      const { request, state, code, finishedAt } = event.command;
      return [
        ...head,
        `${request.name} ${state}`,
        took(event.at, finishedAt),
        event.actor ?? '-',
        code ?? '',
      ];
    }
    case 'presence':
      return [
        ...head,
        event.online ? 'online' : 'offline',
        took(event.at, event.until),
        '-',
        event.reason === null ? '' : ENDED[event.reason],
      ];
    case 'certificate':
    case 'change': {
      const details = Object.keys(event.details).length === 0 ? '' : JSON.stringify(event.details);
      return [...head, event.action, '-', event.actor, details];
    }
    default:
      return event satisfies never;
  }
};

const certificateLine = (one: DeviceCertificate): string[] => [
  one.serial,
  one.revokedAt !== null
    ? `revoked ${time(one.revokedAt)}`
    : Date.parse(one.expiresAt) < Date.now()
      ? 'ended'
      : one.current
        ? 'current'
        : 'former',
  time(one.issuedAt),
  time(one.expiresAt),
  one.keyType ?? '-',
  one.issuer ?? '-',
  one.fingerprint ?? '-',
];

export const deviceHistoryCommands = (devices: Command, makeContext: MakeContext): void => {
  leaf(devices, makeContext, {
    usage: 'history <device>',
    summary: 'list what happened to a device, the newest first',
    options: z.object({ kind: z.array(DeviceEventKind).min(1).optional(), limit: z.number().default(50) }),
    build: (command) =>
      command
        .option('--kind <kind...>', `only these: ${DeviceEventKind.options.join(', ')}`)
        .option('--limit <number>', 'how many at most (50)', wholeNumber),
    run: async (context, words, { kind, limit }) => {
      const client = await connect(context);
      const asked = {
        limit: Math.min(limit, 1000),
        ...(kind === undefined ? {} : { kind: kind.join(',') }),
      };
      const events = await client.devices.timeline(word(words, 0), asked).all(limit);
      print(context, events, () => table(EVENT_HEADINGS, events.map(eventLine), context.columns));
    },
  });
  leaf(devices, makeContext, {
    usage: 'certificates <device>',
    summary: 'list the certificates that a device was given and that have not ended',
    options: z.object({}),
    run: async (context, words) => {
      const found = await (await connect(context)).devices.listCertificates(word(words, 0)).all();
      print(context, found, () =>
        table(
          ['serial', 'state', 'given', 'until', 'key', 'authority', 'fingerprint'],
          found.map(certificateLine),
          context.columns,
        ),
      );
    },
  });
};
