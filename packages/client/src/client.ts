import { generatedClient } from './generated.ts';
import type { Connection } from './request.ts';

/** The HTTP API as functions; each throws a `SlipwayError` with the code that the server gave. */
export const createClient = (connection: Connection) => ({ connection, ...generatedClient(connection) });

export type Client = ReturnType<typeof createClient>;
