import { ERRORS, isErrorCode, messageOf, Problem, SlipwayError } from '@slipway/protocol';
import { pause } from './pause.ts';

export type Connection = {
  /** such as `http://127.0.0.1:8080`, without a slash at the end */
  readonly url: string;
  /** absent: in a browser, whose session is in a cookie that the server gave */
  readonly token?: string | undefined;
  /** how often a request is sent again that got no answer, or was asked to wait; 3 */
  readonly retries?: number | undefined;
};

/** What the caller of any function of the client may add. */
export type CallOptions = {
  readonly signal?: AbortSignal | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** of a stream: is told that it is connected, and that it is not any more and tries again */
  readonly onConnection?: ((isOpen: boolean) => void) | undefined;
};

export type Query = Readonly<
  Record<string, string | number | boolean | readonly string[] | null | undefined>
>;

export type RequestOptions = CallOptions & {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly body?: unknown;
  readonly query?: Query | undefined;
  readonly accept?: string;
};

/** One segment of a path, whatever it holds. */
export const segment = (text: string): string => encodeURIComponent(text);

const search = (query: Query = {}): string => {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined && one !== null) parameters.append(name, String(one));
    }
  }
  const text = parameters.toString();
  return text === '' ? '' : `?${text}`;
};

/** Waits at most so long because a server asks for it. */
const MAX_WAIT_MS = 10_000;
const FIRST_WAIT_MS = 100;

/**
 * Sends a request to the API and gives the answer once its status is a good one. Where no answer comes, or one that asks
 * to wait, it is sent again: every POST has a key by which the server does it only once.
 *
 * @throws {SlipwayError} with the code of the API's problem document; `INTERNAL` where the server cannot be reached
 */
export const send = async (
  connection: Connection,
  path: string,
  options: RequestOptions = {},
): Promise<Response> => {
  const method = options.method ?? 'GET';
  const request: RequestInit = {
    method,
    headers: {
      ...(connection.token === undefined
        ? // No other site can have it sent: the server takes changes of a session in a cookie only with it.
          { 'x-slipway-request': 'dashboard' }
        : { authorization: `Bearer ${connection.token}` }),
      accept: options.accept ?? 'application/json',
      ...(options.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(method === 'POST' ? { 'idempotency-key': crypto.randomUUID() } : {}),
      ...options.headers,
    },
    ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  };
  const url = `${connection.url}${path}${search(options.query)}`;
  const { retries = 3 } = connection;
  for (let tried = 0; ; tried++) {
    const response = await fetch(url, request).catch((cause: unknown) => {
      if (options.signal?.aborted === true) throw cause;
      if (tried < retries) return undefined;
      throw new SlipwayError(
        'INTERNAL',
        `no answer from ${connection.url}: ${messageOf(cause)}. Start the server by "npm run up", or name another by SLIPWAY_URL.`,
        { cause },
      );
    });
    if (response?.ok === true) return response;
    const after = Number(response?.headers.get('retry-after') ?? Number.NaN) * 1000;
    const waitMs = response === undefined ? FIRST_WAIT_MS * 3 ** tried : after;
    if (response !== undefined && (tried >= retries || !(waitMs <= MAX_WAIT_MS)))
      throw refusal(response.status, await response.text());
    await response?.body?.cancel();
    await pause(waitMs, options.signal);
  }
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

/** Whether the same request may be answered later: the server is away, busy, or has a fault of its own. */
export const isPassing = (error: unknown): boolean => {
  if (!(error instanceof SlipwayError) || error.code === 'ANSWER_UNEXPECTED') return false;
  const status = ERRORS[error.code].http;
  return status >= 500 || status === 429;
};
