import { isErrorCode, messageOf, Problem, SlipwayError } from '@slipway/protocol';

export type Connection = {
  /** such as `http://127.0.0.1:8080`, without a slash at the end */
  readonly url: string;
  readonly token: string;
};

/** What the caller of any function of the client may add. */
export type CallOptions = {
  readonly signal?: AbortSignal | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
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
  const response = await fetch(`${connection.url}${path}${search(options.query)}`, {
    method: options.method ?? 'GET',
    headers: {
      authorization: `Bearer ${connection.token}`,
      accept: options.accept ?? 'application/json',
      ...(options.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...options.headers,
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
