import { entry, type ErrorEntry } from './entry.ts';

/** Of the start of a server. */
export const STARTS = {
  ALREADY_RUNNING: entry(
    75,
    409,
    'Slipway already runs on this data directory.',
    'Use it, or stop it first.',
  ),
  REDIS_NOT_DURABLE: entry(
    78,
    500,
    'Redis runs without append-only file, so a crash would lose jobs.',
    'Set appendonly yes.',
  ),
} as const satisfies Record<string, ErrorEntry>;

/** Of a server at work: its store, its backups, its database, its virtual devices. */
export const SERVER = {
  STORE_FULL: entry(
    74,
    507,
    'The artifact store has less room left than builds must leave, so none is begun; rollouts go on.',
    'Free some space (slipway retention run), enlarge the file system, or lower SLIPWAY_STORE_MIN_FREE.',
  ),
  BACKUP_INVALID: entry(
    65,
    422,
    'A file is no backup, is damaged, was cut short, or was made by a newer Slipway.',
    'Take another backup, or a Slipway of that version.',
  ),
  BACKUP_LOCKED: entry(
    77,
    422,
    'A backup is encrypted, and nothing that was given opens it.',
    'Give the identity or passphrase that it was encrypted for.',
  ),
  BACKUP_INCOMPLETE: entry(
    74,
    500,
    'Something that the instance needs cannot be put into a backup, so none is made.',
    'Do what the message names, and make the backup again.',
  ),
  RESTORE_REFUSED: entry(
    73,
    409,
    'There is an instance already where a backup is to be restored to.',
    'Name an empty place, or set what is there aside by --force.',
  ),
  DATABASE_LOCKED: entry(
    75,
    503,
    'Another process has the embedded database open.',
    'Stop it, or set DATABASE_URL to a PostgreSQL server.',
  ),
  VIRTUAL_DEVICES_OFF: entry(
    69,
    409,
    'This server starts no virtual devices.',
    'Start one on a machine of yours with `slipway virtual-device`, or set SLIPWAY_VIRTUAL_DEVICES for a server on one machine.',
  ),
  VM_FAILED: entry(
    70,
    500,
    'QEMU ended or did not reach the state awaited.',
    'Read the console that the message quotes.',
  ),
} as const satisfies Record<string, ErrorEntry>;
