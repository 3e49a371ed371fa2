import type { z } from 'zod';
import { fit } from './fit.ts';
import { Listing } from './listing.ts';
import { liveEvents } from './live.ts';
import { send, type Connection, type RequestOptions } from './request.ts';

/** How the functions of the client ask: one for each kind of answer. Each throws as `send`. */

/** An answer in JSON, parsed. */
export const json = async <S extends z.ZodType>(
  connection: Connection,
  schema: S,
  path: string,
  options: RequestOptions,
): Promise<z.infer<S>> => fit(schema, connection.url, await (await send(connection, path, options)).json());

export const list = <S extends z.ZodType>(
  connection: Connection,
  schema: S,
  path: string,
  options: RequestOptions,
): Listing<S> => new Listing(connection, schema, path, options);

export const text = async (connection: Connection, path: string, options: RequestOptions): Promise<string> =>
  (await send(connection, path, options)).text();

/** Bytes, to be read from the body. */
export const download = (connection: Connection, path: string, options: RequestOptions): Promise<Response> =>
  send(connection, path, options);

export const nothing = async (
  connection: Connection,
  path: string,
  options: RequestOptions,
): Promise<void> => {
  await (await send(connection, path, options)).body?.cancel();
};

/** Server-sent events, parsed, until the signal aborts or the server ends. */
export const stream = <S extends z.ZodType>(
  connection: Connection,
  schema: S,
  path: string,
  options: RequestOptions,
): AsyncGenerator<z.infer<S>> => liveEvents(connection, schema, path, options);
