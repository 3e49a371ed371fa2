import type { Command } from 'commander';
import type { EmergencyStop } from '@slipway/protocol';
import { z } from 'zod';
import { leaf, print, word, type MakeContext } from '../command.ts';
import { connect } from '../context.ts';
import { time } from '../table.ts';

const devices = (count: number): string => `${count} ${count === 1 ? 'device' : 'devices'}`;

const tellOffers = ({ offersAtBroker, gateways }: EmergencyStop): string => {
  if (offersAtBroker === 0) return 'nothing is offered';
  const why =
    gateways === 0
      ? 'no gateway runs that takes it back: start one'
      : 'the gateways are taking it back: look again with slipway status';
  return `nothing new is offered, and no block of a bundle is given out; ${devices(offersAtBroker)} may still find an offer at the broker, because ${why}`;
};

export const tellStop = (stop: EmergencyStop): string =>
  stop.stopped
    ? `stopped by ${stop.actor ?? '-'} at ${time(stop.at)}: ${stop.reason ?? '-'}\n` +
      `${tellOffers(stop)}; ${devices(stop.trials)} on trial, which ends by itself`
    : `offers go out; ${devices(stop.offers)} under way, ${devices(stop.trials)} on trial`;

export const stopCommands = (program: Command, makeContext: MakeContext): void => {
  leaf(program, makeContext, {
    usage: 'stop <reason>',
    summary: 'emergency stop: halt every offer to every device, until slipway resume',
    options: z.object({}),
    run: async (context, words) => {
      const stop = await (await connect(context)).emergencyStop.replace({ reason: word(words, 0) });
      print(context, stop, () => tellStop(stop));
    },
  });
  leaf(program, makeContext, {
    usage: 'resume',
    summary: 'lift the emergency stop: rollouts go on where they were',
    options: z.object({}),
    run: async (context) => {
      const stop = await (await connect(context)).emergencyStop.delete();
      print(context, stop, () => tellStop(stop));
    },
  });
};
