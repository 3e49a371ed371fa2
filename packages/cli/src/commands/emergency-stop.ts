import type { Command } from 'commander';
import type { EmergencyStop } from '@slipway/protocol';
import { z } from 'zod';
import { leaf, print, word, type MakeContext } from '../command.ts';
import { connect } from '../context.ts';
import { time } from '../table.ts';

const devices = (count: number): string => `${count} ${count === 1 ? 'device' : 'devices'}`;

export const tellStop = (stop: EmergencyStop): string =>
  stop.stopped
    ? `stopped by ${stop.actor ?? '-'} at ${time(stop.at)}: ${stop.reason ?? '-'}\n` +
      `nothing is offered; ${devices(stop.trials)} on trial, which ends by itself`
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
