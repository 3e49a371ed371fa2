import type { Command } from 'commander';
import type { Device } from '@slipway/protocol';
import { z } from 'zod';
import { leaf, print, word, type MakeContext } from '../command.ts';
import { connect } from '../context.ts';
import { table } from '../table.ts';

const HEADINGS = ['device', 'class', 'state', 'serial'];
const line = ({ id, deviceClass, state, serial }: Device): string[] => [
  id,
  deviceClass,
  state,
  serial ?? '-',
];

/** How devices come into the fleet and leave it. */
export const admitDeviceCommands = (devices: Command, makeContext: MakeContext): void => {
  leaf(devices, makeContext, {
    usage: 'accept <device...>',
    summary: 'let devices in that wait for it: all of them, or none',
    options: z.object({}),
    run: async (context, words) => {
      const changed = await (await connect(context)).devices.acceptMany({ devices: [...words] });
      print(context, changed, () => table(HEADINGS, changed.map(line), context.columns));
    },
  });
  for (const [verb, summary] of [
    ['reject', 'refuse devices that wait; their claims have a use more again'],
    ['revoke', 'let devices out until they are enrolled anew: sessions and certificates end'],
    ['decommission', 'let devices out for good; their history stays'],
  ] as const)
    leaf(devices, makeContext, {
      usage: `${verb} <device...>`,
      summary,
      options: z.object({}),
      run: async (context, words) => {
        const client = await connect(context);
        const changed: Device[] = [];
        for (const id of words) changed.push(await client.devices[verb](id));
        print(context, changed, () => table(HEADINGS, changed.map(line), context.columns));
      },
    });
  leaf(devices, makeContext, {
    usage: 'set-class <device> <class>',
    summary: 'say that a device was given an image of another class',
    options: z.object({}),
    run: async (context, words) => {
      const client = await connect(context);
      const device = await client.devices.replaceClass(word(words, 0), { deviceClass: word(words, 1) });
      print(context, device, () => table(HEADINGS, [line(device)], context.columns));
    },
  });
};
