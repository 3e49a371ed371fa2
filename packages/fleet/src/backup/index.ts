/**
 * Backups of an instance: its database, keys and artifacts in one file. Called by the CLI, and by the API for the
 * database that only it has open. A backup is checked against damage; who made it, nobody vouches for.
 */
export { exportDatabase, tablesInOrder, type DatabaseExport } from './export-database.ts';
export type { EncryptFor, OpenWith } from './encryption.ts';
export { importDatabase } from './import-database.ts';
export { makeBackup, type BackupSummary } from './make-backup.ts';
export { restoreBackup } from './restore-backup.ts';
export { PARTS } from './parts.ts';
export { verifyBackup } from './read-backup.ts';
