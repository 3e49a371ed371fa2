import { request as requestHttp, type IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { BlockList, LookupFunction } from 'node:net';
import { performance } from 'node:perf_hooks';
import type { AttemptOutcome, DueDelivery } from '@slipway/fleet';
import type { WebhookFailure } from '@slipway/protocol';
import { AddressRefused, findTarget, type Target } from './addresses.ts';
import { signHeaders } from './signature.ts';

/** From the look-up of the name to the end of the answer. */
export const TIMEOUT_MS = 15_000;
/** What is read of an answer, and kept of it on record. */
const MAX_ANSWER_BYTES = 16 * 1024;
const MAX_DETAIL = 512;

export type PostWith = { readonly allowed: BlockList; readonly timeoutMs?: number | undefined };

/** Posts a delivery once. Never throws: how it went is what is recorded. Redirects are not followed. */
export const postDelivery = async (
  due: DueDelivery,
  { allowed, timeoutMs }: PostWith,
): Promise<AttemptOutcome> => {
  const start = performance.now();
  const outcome = (rest: Omit<AttemptOutcome, 'ms'>): AttemptOutcome => ({
    ms: Math.round(performance.now() - start),
    ...rest,
    detail: rest.detail === null ? null : printable(rest.detail),
  });
  const signal = AbortSignal.timeout(timeoutMs ?? TIMEOUT_MS);
  try {
    const url = new URL(due.url);
    const target = await Promise.race([findTarget(url, allowed), rejectWhen(signal)]);
    const { status, text } = await send(url, target, due, signal);
    return outcome({ status, failure: failureOf(status), detail: text });
  } catch (error) {
    return outcome({
      status: null,
      failure: signal.aborted ? 'timeout' : causeOf(error),
      detail: error instanceof Error ? error.message : String(error),
    });
  }
};

const rejectWhen = (signal: AbortSignal): Promise<never> =>
  new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(new Error('the time is up')), { once: true });
  });

const failureOf = (status: number): WebhookFailure | null => {
  if (status >= 200 && status < 300) return null;
  return status >= 300 && status < 400 ? 'redirect' : 'status';
};

const causeOf = (error: unknown): WebhookFailure => {
  if (error instanceof AddressRefused) return 'address_refused';
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (/^(?:ENOTFOUND|EAI_)/.test(code)) return 'unresolvable';
  return /CERT|SSL|TLS|SELF_SIGNED|UNABLE_TO/.test(code) ? 'tls' : 'connection';
};

/** Of what others send, PostgreSQL stores no NUL, and a terminal should not obey any of it. */
const printable = (text: string): string => text.replaceAll(/[^\P{C}\n]/gu, '\u{fffd}').slice(0, MAX_DETAIL);

const send = (
  url: URL,
  target: Target,
  { id, body, secrets }: DueDelivery,
  signal: AbortSignal,
): Promise<{ readonly status: number; readonly text: string }> => {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; text: string }>();
  // The address that was judged is the one that is connected to; the name stays for TLS and Host.
  const toTarget: LookupFunction = (_host, options, done) =>
    options.all === true ? done(null, [target]) : done(null, target.address, target.family);
  const request = (url.protocol === 'https:' ? requestHttps : requestHttp)(
    url,
    {
      method: 'POST',
      agent: false,
      lookup: toTarget,
      signal,
      headers: {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        'user-agent': 'Slipway-Webhooks/1',
        ...signHeaders(id, new Date(), body, secrets),
      },
    },
    (answer) => {
      readBounded(answer).then((text) => resolve({ status: answer.statusCode ?? 0, text }), reject);
    },
  );
  request.on('error', reject);
  request.end(body);
  return promise;
};

/** The beginning of an answer; of one that is too long the rest is not waited for. */
const readBounded = (answer: IncomingMessage): Promise<string> => {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const chunks: Buffer[] = [];
  let bytes = 0;
  const end = (): void => {
    answer.destroy();
    resolve(Buffer.concat(chunks).subarray(0, MAX_ANSWER_BYTES).toString());
  };
  answer.on('data', (part: Buffer) => {
    chunks.push(part);
    bytes += part.length;
    if (bytes >= MAX_ANSWER_BYTES) end();
  });
  answer.on('end', end);
  answer.on('error', reject);
  return promise;
};
