import type { Readable } from 'node:stream';
import { request, type Dispatcher } from 'undici';
import { failure } from '../failures.ts';
import type { RepositoryContext } from './context.ts';
import { isLoopback } from './host.ts';

const MAX_REDIRECTS = 5;
const MAX_ERROR_BYTES = 16 * 1024;

export type Answer = {
  readonly status: number;
  readonly header: (name: string) => string | undefined;
  readonly body: Dispatcher.ResponseData['body'];
  /** where it came from, after redirects */
  readonly url: URL;
};

export type Question = {
  readonly method: 'GET' | 'HEAD' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
};

/** @throws {SlipwayError} REGISTRY_INSECURE */
export const assertSecure = (url: URL, ref: string, why: string): void => {
  if (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname))) return;
  throw failure(
    'REGISTRY_INSECURE',
    ref,
    `${why} ${url.origin}, but plain http is allowed on loopback only; give the registry a certificate ` +
      `(its authority goes into registries.yml as ca) or reach it through a tunnel`,
    { details: { url: url.origin } },
  );
};

/**
 * One request with its redirects. `Authorization` goes to the origin that was meant, and to no other.
 *
 * @param registry whose certificates count
 * @throws {SlipwayError} REGISTRY_INSECURE, REGISTRY_UNREACHABLE for endless redirects, and what the network throws
 */
export const ask = async (
  context: RepositoryContext,
  registry: string,
  from: URL,
  question: Question,
): Promise<Answer> => {
  const { registries, ref, signal } = context;
  let url = from;
  for (let redirects = 0; ; redirects++) {
    assertSecure(url, ref, redirects === 0 ? 'the address is' : `${from.host} redirects to`);
    // A server elsewhere must not make this machine talk to itself.
    if (redirects > 0 && isLoopback(url.hostname) && !isLoopback(from.hostname))
      throw failure('REGISTRY_INSECURE', ref, `${from.host} redirects to this machine, ${url.origin}`);
    const headers = Object.entries(question.headers).filter(
      ([name]) => url.origin === from.origin || name !== 'authorization',
    );
    const response = await request(url, {
      method: question.method,
      headers: { 'user-agent': 'slipway', ...Object.fromEntries(headers) },
      dispatcher: await registries.connections.dispatcherFor(url, registry),
      ...(question.body === undefined ? {} : { body: question.body }),
      ...(signal === undefined ? {} : { signal }),
    });
    const header = (name: string): string | undefined => {
      const value = response.headers[name];
      return Array.isArray(value) ? value.join(', ') : value;
    };
    const { statusCode: status, body } = response;
    const location = header('location');
    if (![301, 302, 303, 307, 308].includes(status) || location === undefined)
      return { status, header, body, url };
    await drop(body);
    if (redirects === MAX_REDIRECTS)
      throw failure('REGISTRY_UNREACHABLE', ref, `${from.host} redirects more than ${MAX_REDIRECTS} times`);
    const next = URL.parse(location, url);
    if (next === null)
      throw failure('REGISTRY_UNREACHABLE', ref, `${url.host} redirects to what is no address`);
    if (question.body !== undefined && next.origin !== from.origin)
      throw failure(
        'REGISTRY_INSECURE',
        ref,
        `${from.host} redirects credentials to ${next.origin}; they are sent to nobody but the token service itself`,
      );
    url = next;
  }
};

/** A body that nobody reads holds its connection. */
export const drop = async (body: Answer['body']): Promise<void> => {
  await body.dump({ limit: MAX_ERROR_BYTES }).catch(() => undefined);
};

/** Closes the connection. Without a listener the body's own error about that would end the process. */
export const abandon = (body: Answer['body']): void => {
  body.on('error', () => {}).destroy();
};

/** @returns undefined if there is more than allowed */
export const readAll = async (body: Readable, maxBytes: number): Promise<Buffer | undefined> => {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of body as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > maxBytes) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts);
};
