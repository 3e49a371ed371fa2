import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { z } from 'zod';
import { leaf, print, word, type MakeContext } from '../command.ts';
import { connect } from '../context.ts';
import { parseRegistrations } from '../registration-file.ts';
import { table, time } from '../table.ts';

const HEADINGS = ['device', 'class', 'serial', 'key', 'name', 'tags', 'came'];
type Known = {
  readonly deviceId?: string | undefined;
  readonly deviceClass: string;
  readonly serial?: string | null | undefined;
  readonly keySha256?: string | null | undefined;
  readonly name?: string | null | undefined;
  readonly tags?: readonly string[] | undefined;
  readonly usedAt?: string | null | undefined;
};
const line = (known: Known): string[] => [
  known.deviceId ?? '-',
  known.deviceClass,
  known.serial ?? '-',
  known.keySha256?.slice(0, 12) ?? '-',
  known.name ?? '-',
  (known.tags ?? []).join(' '),
  time(known.usedAt ?? null),
];

/** Devices that are known before they come. */
export const registrationCommands = (program: Command, devices: Command, makeContext: MakeContext): void => {
  leaf(devices, makeContext, {
    usage: 'import <file>',
    summary: 'make devices known before they come: all of a list, or none',
    options: z.object({ dryRun: z.literal(true).optional() }),
    build: (command) => command.option('--dry-run', 'only say what the list holds, and what is wrong in it'),
    run: async (context, words, { dryRun }) => {
      const file = resolve(context.cwd, word(words, 0));
      const rows = parseRegistrations(await readFile(file, 'utf8'));
      if (dryRun === true) {
        print(context, rows, () =>
          table(
            HEADINGS,
            rows.map((row) => line(row)),
            context.columns,
          ),
        );
        return;
      }
      const taken = await (await connect(context)).registrations.create({ devices: rows });
      print(context, taken, () => table(HEADINGS, taken.map(line), context.columns));
    },
  });
  const registrations = program
    .command('registrations')
    .alias('registration')
    .summary('devices known before they come')
    .description('Devices that were registered by serial number or key; see docs/enrolment.md.');
  leaf(registrations, makeContext, {
    usage: 'list',
    summary: 'list them, also those that have come',
    options: z.object({}),
    run: async (context) => {
      const found = await (await connect(context)).registrations.list().all();
      print(context, found, () => table(HEADINGS, found.map(line), context.columns));
    },
  });
  leaf(registrations, makeContext, {
    usage: 'delete <device...>',
    summary: 'forget that devices will come',
    options: z.object({}),
    run: async (context, words) => {
      const client = await connect(context);
      for (const id of words) await client.registrations.delete(id);
      print(context, words, () => words.map((id) => `${id}: forgotten`).join('\n'));
    },
  });
};
