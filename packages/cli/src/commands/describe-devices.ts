import type { Command } from 'commander';
import { SlipwayError, type AttributeValue, type Device, type DeviceChange } from '@slipway/protocol';
import { z } from 'zod';
import { leaf, print, word, type MakeContext } from '../command.ts';
import { connect, type Context } from '../context.ts';
import { facts, table } from '../table.ts';

const said = (device: Device): string =>
  facts({
    device: device.id,
    name: device.name,
    tags: device.tags.join(' ') || null,
    ...attributeFacts(device),
  });

export const attributeFacts = ({ attributes }: Device): Record<string, string> =>
  Object.fromEntries(Object.entries(attributes).map(([name, value]) => [`attr.${name}`, String(value)]));

const change = async (context: Context, ids: readonly string[], asked: DeviceChange): Promise<Device[]> => {
  const client = await connect(context);
  const changed: Device[] = [];
  for (const id of ids) changed.push(await client.devices.update(id, asked));
  return changed;
};

/**
 * `floor=3`, `site=bremen`, `spare=true`, `code="007"`: a number and a yes or no are that unless they stand in quotes.
 * Nothing behind the `=` takes the attribute away.
 *
 * @throws {SlipwayError} USAGE
 */
export const parseAttribute = (text: string): readonly [string, AttributeValue | null] => {
  const at = text.indexOf('=');
  if (at < 1) throw new SlipwayError('USAGE', `expected NAME=VALUE, or NAME= to remove, found ${text}`);
  const [name, value] = [text.slice(0, at), text.slice(at + 1)];
  if (value === '') return [name, null];
  const quoted = /^"(.*)"$/s.exec(value)?.[1];
  if (quoted !== undefined) return [name, quoted];
  if (value === 'true' || value === 'false') return [name, value === 'true'];
  return [name, /^-?\d+(?:\.\d+)?$/.test(value) ? Number(value) : value];
};

/** What operators say of devices. */
export const describeDeviceCommands = (devices: Command, makeContext: MakeContext): void => {
  for (const [verb, field, summary] of [
    ['tag', 'addTags', 'put a tag onto devices'],
    ['untag', 'removeTags', 'take a tag off devices'],
  ] as const)
    leaf(devices, makeContext, {
      usage: `${verb} <tag> <device...>`,
      summary,
      options: z.object({}),
      run: async (context, words) => {
        const [tag = '', ...ids] = words;
        const changed = await change(context, ids, { [field]: [tag] });
        print(context, changed, () =>
          table(
            ['device', 'tags'],
            changed.map(({ id, tags }) => [id, tags.join(' ') || '-']),
            context.columns,
          ),
        );
      },
    });
  leaf(devices, makeContext, {
    usage: 'rename <device> [name]',
    summary: 'give a device a name for people; without one, take it away',
    options: z.object({}),
    run: async (context, words) => {
      const [device] = await change(context, [word(words, 0)], { name: words[1] ?? null });
      if (device !== undefined) print(context, device, () => said(device));
    },
  });
  leaf(devices, makeContext, {
    usage: 'set <device> <attribute...>',
    summary: 'set attributes by NAME=VALUE, remove them by NAME=',
    options: z.object({}),
    run: async (context, words) => {
      const [id = '', ...pairs] = words;
      const attributes = Object.fromEntries(pairs.map(parseAttribute));
      const [device] = await change(context, [id], { attributes });
      if (device !== undefined) print(context, device, () => said(device));
    },
  });
};
