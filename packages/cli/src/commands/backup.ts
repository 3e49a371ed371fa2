import { copyFile, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { codeOf, systemError } from '@slipway/protocol';
import { z } from 'zod';
import {
  EncryptOptions,
  OpenOptions,
  readEncryptFor,
  readOpenWith,
  withEncryption,
  withOpening,
} from '../backup-keys.ts';
import { leaf, print, word, type MakeContext } from '../command.ts';
import { connect, dataDirectory, type Context } from '../context.ts';
import { facts, size, time } from '../table.ts';

const DATA = '--data <folder>';
const DATA_HELP = 'data directory of the instance (SLIPWAY_DATA)';

/**
 * Who has the database open writes it: the instance, if it runs. Loaded here and not above: other commands need no
 * database.
 */
const exporter = async (context: Context, dataDir: string): Promise<(path: string) => Promise<unknown>> => {
  const { lockDirectory, openDatabase } = await import('@slipway/fleet');
  const { exportDatabase } = await import('@slipway/fleet/backup');
  const lock = await lockDirectory(dataDir).catch((error: unknown) => {
    if (codeOf(error) !== 'DATABASE_LOCKED') throw error;
    return undefined;
  });
  if (lock === undefined) {
    return async (path) => {
      const client = await connect({ cwd: context.cwd, env: { ...context.env, SLIPWAY_DATA: dataDir } });
      const { file } = await client.databaseExports.create();
      await move(file, path);
    };
  }
  const url = context.env['DATABASE_URL'];
  return async (path) => {
    try {
      const database = await openDatabase(url === undefined ? { dataDir: join(dataDir, 'db') } : { url });
      try {
        await exportDatabase(database.db, path, new Date());
      } finally {
        await database.close();
      }
    } finally {
      await lock.release();
    }
  };
};

const move = (from: string, to: string): Promise<void> =>
  rename(from, to).catch(async (error: unknown) => {
    if (systemError(error, ['EXDEV']) === undefined) throw error;
    await copyFile(from, to);
    await rm(from);
  });

export const backupCommands = (program: Command, makeContext: MakeContext): void => {
  const backup = leaf(program, makeContext, {
    usage: 'backup <file>',
    summary: 'write database, keys and artifacts of an instance into one file, also while it runs',
    options: EncryptOptions.extend({ data: z.string().optional() }),
    build: (command) => withEncryption(command.option(DATA, DATA_HELP)),
    run: async (context, words, options) => {
      const encryptFor = await readEncryptFor(context, options);
      const { makeBackup } = await import('@slipway/fleet/backup');
      const dataDir = await dataDirectory(context, options.data);
      const file = resolve(context.cwd, word(words, 0));
      const made = await makeBackup({
        file,
        dataDir,
        exportTo: await exporter(context, dataDir),
        encryptFor,
        now: new Date(),
      });
      if (!made.encrypted)
        context.err(
          `${file} holds the keys of the instance: whoever reads it can sign releases. Keep it locked up, or encrypt it: --recipient age1…, of age-keygen.`,
        );
      print(context, made, () =>
        facts({
          backup: file,
          made: time(made.madeAt),
          files: made.files,
          bundles: made.bundles,
          size: size(made.bytes),
          encrypted: made.encrypted ? 'yes' : 'no',
        }),
      );
    },
  });
  leaf(backup, makeContext, {
    usage: 'verify <file>',
    summary: 'read a backup to its end and compare it with what it says of itself',
    options: OpenOptions,
    build: withOpening,
    run: async (context, words, options) => {
      const key = await readOpenWith(context, options);
      const { verifyBackup } = await import('@slipway/fleet/backup');
      const found = await verifyBackup(resolve(context.cwd, word(words, 0)), key);
      print(context, found, () =>
        facts({
          backup: found.file,
          made: time(found.madeAt),
          files: found.files,
          content: size(found.bytes),
          encrypted: found.encrypted ? 'yes' : 'no',
        }),
      );
    },
  });
  leaf(program, makeContext, {
    usage: 'restore <file>',
    summary: 'put an instance back from a backup, into an empty data directory; it must not run',
    options: OpenOptions.extend({ data: z.string().optional(), force: z.boolean().default(false) }),
    build: (command) =>
      withOpening(
        command
          .option(DATA, DATA_HELP)
          .option('--force', 'also where there is an instance already, which is set aside'),
      ),
    run: async (context, words, options) => {
      const key = await readOpenWith(context, options);
      const { restoreBackup } = await import('@slipway/fleet/backup');
      const restored = await restoreBackup({
        file: resolve(context.cwd, word(words, 0)),
        dataDir: await dataDirectory(context, options.data),
        databaseUrl: context.env['DATABASE_URL'],
        force: options.force,
        key,
        now: new Date(),
      });
      print(context, restored, () =>
        [
          `restored the backup of ${time(restored.madeAt)} into ${restored.dataDir} (${restored.files} files)`,
          ...restored.setAside.map((place) => `set aside: ${place}`),
          'An emergency stop is in force. Start the instance, look at the fleet, then: slipway resume',
        ].join('\n'),
      );
    },
  });
};
