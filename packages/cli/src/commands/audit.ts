import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Command } from 'commander';
import { AuditEntry, messageOf, SlipwayError, systemError, verifyAudit } from '@slipway/protocol';
import { z } from 'zod';
import { leaf, print, wholeNumber, word, type MakeContext } from '../command.ts';
import { connect, type Context } from '../context.ts';
import { table, time } from '../table.ts';

const HEADINGS = ['sequence', 'at', 'actor', 'action', 'subject', 'details'];
const line = (entry: AuditEntry): string[] => [
  String(entry.sequence),
  time(entry.at),
  entry.actor,
  entry.action,
  entry.subject,
  Object.keys(entry.details).length === 0 ? '' : JSON.stringify(entry.details),
];

/** The whole log, from its first entry on. */
const wholeLog = async (context: Context) =>
  (await connect(context)).audit.list({ order: 'oldest', limit: 1000 }, { signal: context.signal });

export const auditCommands = (program: Command, makeContext: MakeContext): void => {
  const audit = program.command('audit').summary('who changed what').description('Who changed what.');

  leaf(audit, makeContext, {
    usage: 'list',
    summary: 'list what was changed, the newest first',
    options: z.object({
      actor: z.string().optional(),
      action: z.string().optional(),
      subject: z.string().optional(),
      since: z.iso.datetime().optional(),
      until: z.iso.datetime().optional(),
      limit: z.number().default(50),
    }),
    build: (command) =>
      command
        .option('--actor <name>', 'what this user, token or device:ID changed')
        .option('--action <name>', 'such as release.publish, or all that begin with release.')
        .option('--subject <id>', 'what happened to this device, release …')
        .option('--since <time>', 'from then on, such as 2026-01-31T00:00:00Z')
        .option('--until <time>', 'before then')
        .option('--limit <number>', 'how many at most (50)', wholeNumber),
    run: async (context, _words, { limit, ...filter }) => {
      const client = await connect(context);
      const entries = await client.audit.list({ ...filter, limit: Math.min(limit, 1000) }).all(limit);
      print(context, entries, () => table(HEADINGS, entries.map(line), context.columns));
    },
  });

  leaf(audit, makeContext, {
    usage: 'export <file>',
    summary: 'write the whole log into a file, one entry in JSON on each line',
    options: z.object({}),
    run: async (context, words) => {
      const path = resolve(context.cwd, word(words, 0));
      const entries = await wholeLog(context);
      let last: AuditEntry | undefined;
      await using file = await open(path, 'wx', 0o600).catch((error: unknown) => {
        throw new SlipwayError(
          'NOT_WRITABLE',
          `${path} cannot be made: ${messageOf(error)}. Name a file that is not there yet.`,
          { cause: error },
        );
      });
      for await (const entry of entries) {
        await file.write(`${JSON.stringify(entry)}\n`);
        last = entry;
      }
      const head = { sequence: last?.sequence ?? 0, hash: last?.hash ?? null };
      print(context, { file: path, ...head }, () => `${head.sequence} entries, head ${head.hash ?? 'none'}`);
    },
  });

  leaf(audit, makeContext, {
    usage: 'verify [file]',
    summary: 'walk the chain of the log, of the server or of a file that was exported',
    options: z.object({
      head: z
        .string()
        .regex(/^[0-9a-f]{64}$/, 'expected the hash of an entry, 64 hexadecimal digits')
        .optional(),
    }),
    build: (command) =>
      command.option(
        '--head <hash>',
        'demand that the entry of this hash, the last one once, is still there',
      ),
    run: async (context, words, { head }) => {
      const [name] = words;
      const entries = name === undefined ? await wholeLog(context) : readEntries(resolve(context.cwd, name));
      const end = await verifyAudit(entries, head);
      print(context, end, () => `${end.sequence} entries, each as it was written; head ${end.hash}`);
    },
  });
};

/** What `audit export` wrote. */
async function* readEntries(path: string): AsyncGenerator<AuditEntry> {
  const lines = createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY });
  let number = 0;
  try {
    for await (const text of lines) {
      number++;
      yield AuditEntry.parse(JSON.parse(text));
    }
  } catch (error) {
    if (systemError(error, ['ENOENT', 'EACCES', 'EISDIR']) !== undefined)
      throw new SlipwayError('NOT_FOUND', `${path} cannot be read: ${messageOf(error)}`, { cause: error });
    throw new SlipwayError(
      'AUDIT_BROKEN',
      `Line ${number} of ${path} is no entry of an audit log. Export it anew by slipway audit export.`,
      { cause: error, details: { line: number } },
    );
  }
}
