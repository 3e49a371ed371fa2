import { isErrorCode, messageOf, Problem, SlipwayError } from '@slipway/protocol';
import type { z } from 'zod';

export type Connection = {
  /** such as `http://127.0.0.1:8080`, without a slash at the end */
  readonly url: string;
  readonly token: string;
};

export type RequestOptions = {
  readonly method?: 'GET' | 'POST' | 'PUT';
  readonly body?: unknown;
  readonly signal?: AbortSignal;
  readonly accept?: string;
};

/**
 * Sends one request to the API and gives the answer once its status is a good one.
 *
 * @throws {SlipwayError} with the code of the API's problem document; `INTERNAL` where the server cannot be reached
 */
export const send = async (
  connection: Connection,
  path: string,
  options: RequestOptions = {},
): Promise<Response> => {
  const response = await fetch(`${connection.url}${path}`, {
    method: options.method ?? 'GET',
    headers: {
      authorization: `Bearer ${connection.token}`,
      accept: options.accept ?? 'application/json',
      ...(options.body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  }).catch((cause: unknown) => {
    if (options.signal?.aborted === true) throw cause;
    throw new SlipwayError(
      'INTERNAL',
      `no answer from ${connection.url}: ${messageOf(cause)}. Start the server by "npm run up", or name another by SLIPWAY_URL.`,
      { cause },
    );
  });
  if (response.ok) return response;
  const text = await response.text();
  throw refusal(response.status, text);
};

const refusal = (status: number, text: string): SlipwayError => {
  try {
    const problem = Problem.parse(JSON.parse(text));
    return new SlipwayError(isErrorCode(problem.code) ? problem.code : 'INTERNAL', problem.detail, {
      details: problem.details ?? {},
    });
  } catch (cause) {
    return new SlipwayError('INTERNAL', `the server answered ${status}: ${text.slice(0, 500)}`, { cause });
  }
};

/** The same for answers in JSON, parsed by a schema of the protocol. */
export const sendJson = async <S extends z.ZodType>(
  connection: Connection,
  schema: S,
  path: string,
  options: RequestOptions = {},
): Promise<z.infer<S>> => schema.parse(await (await send(connection, path, options)).json());
