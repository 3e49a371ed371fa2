import { z } from 'zod';

/** The database in a file on the server's machine, for a backup; whoever takes it removes it. */
export const DatabaseExport = z.object({ file: z.string(), tables: z.int(), rows: z.int() });
export type DatabaseExport = z.infer<typeof DatabaseExport>;
