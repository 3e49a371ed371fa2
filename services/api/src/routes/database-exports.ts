import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { recordAudit } from '@slipway/fleet';
import { exportDatabase } from '@slipway/fleet/backup';
import { DatabaseExport, SlipwayError } from '@slipway/protocol';
import { actorOf } from '../auth.ts';
import type { App, Context } from './context.ts';

/** Left by a backup that was killed. */
const FORGOTTEN_MS = 3_600_000;

export const databaseExportRoutes = (app: App, { db, exportsDir }: Context): void => {
  app.post(
    '/v1/database-exports',
    {
      config: { access: 'admin' },
      schema: {
        tags: ['Backup'],
        summary: 'Write the database into a file on the machine of the server, for a backup',
        response: { 201: DatabaseExport },
      },
    },
    async (request, reply) => {
      if (exportsDir === undefined)
        throw new SlipwayError(
          'CONFIG_INVALID',
          'SLIPWAY_EXPORTS names no folder for exports. Set it, or make the backup with DATABASE_URL.',
        );
      await mkdir(exportsDir, { recursive: true, mode: 0o700 });
      for (const name of await readdir(exportsDir)) {
        const path = join(exportsDir, name);
        const info = await stat(path).catch(() => undefined);
        if (info !== undefined && Date.now() - info.mtimeMs > FORGOTTEN_MS) await rm(path, { force: true });
      }
      const now = new Date();
      const file = join(exportsDir, `${randomUUID()}.ndjson`);
      // Before the file, which thereby holds it: no copy is there without an entry that tells of it.
      await recordAudit(db, { actor: actorOf(request).name, action: 'database.export', subject: 'database' });
      const summary = await exportDatabase(db, file, now);
      return reply.code(201).send({ file, ...summary });
    },
  );
};
