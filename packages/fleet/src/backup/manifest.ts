import { SlipwayError } from '@slipway/protocol';
import { z } from 'zod';

/** First in a backup, so that a file that is none is told at once. */
export const BackupHead = z.object({
  v: z.literal(1),
  format: z.literal('slipway-backup'),
  madeAt: z.iso.datetime(),
});
export type BackupHead = z.infer<typeof BackupHead>;

const common = { path: z.string(), mode: z.int() };
export const BackupEntry = z.discriminatedUnion('type', [
  z.object({ type: z.literal('file'), ...common, size: z.int(), sha256: z.string() }),
  z.object({ type: z.literal('folder'), ...common }),
  z.object({ type: z.literal('link'), ...common, target: z.string() }),
]);
export type BackupEntry = z.infer<typeof BackupEntry>;

/** Last in a backup: everything before it. One that was cut short has none. */
export const BackupManifest = z.object({ v: z.literal(1), entries: z.array(BackupEntry) });

export const HEAD = 'slipway-backup.json';
export const DATABASE = 'database.ndjson';
export const DATA = 'data/';
export const MANIFEST = 'manifest.json';

export const invalidBackup = (file: string, why: string, cause?: unknown): SlipwayError =>
  new SlipwayError('BACKUP_INVALID', `${file}: ${why}. Take another backup.`, { cause, details: { file } });
