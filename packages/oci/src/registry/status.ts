import type { SlipwayError } from '@slipway/protocol';
import { z } from 'zod';
import { failure } from '../failures.ts';
import { TryAgain } from './attempt.ts';
import { readAll, type Answer } from './http.ts';
import { parseRetryAfter } from './retry.ts';

const MAX_ERROR_BYTES = 16 * 1024;

/** Distribution specification, "Error Codes". */
const Errors = z.object({
  errors: z.array(z.object({ code: z.string().optional(), message: z.string().nullish() })).min(1),
});

/** What the registry says about its error, made safe to print. */
const saidIn = async (answer: Answer): Promise<string> => {
  try {
    const bytes = await readAll(answer.body, MAX_ERROR_BYTES);
    const [first] = Errors.parse(JSON.parse(bytes?.toString('utf8') ?? '')).errors;
    const text = `${first?.code ?? ''} ${first?.message ?? ''}`.trim();
    // oxlint-disable-next-line eslint/no-control-regex -- a registry must not write to the operator's terminal
    return text === '' ? '' : ` (${text.replace(/[\u0000-\u001f\u007f-\u009f]/g, '?').slice(0, 300)})`;
  } catch {
    return '';
  }
};

/**
 * Ends with an error unless the answer has what was asked for.
 *
 * @param asked where the question went first; storage that it was redirected to is a case of its own
 * @throws {TryAgain | SlipwayError}
 */
export const assertStatus = async (
  answer: Answer,
  asked: URL,
  what: string,
  ref: string,
  identified: boolean,
): Promise<void> => {
  const { status, url } = answer;
  if (status === 200 || status === 206) return;
  const said = await saidIn(answer);
  const fail = (code: Parameters<typeof failure>[0], message: string): SlipwayError =>
    failure(code, ref, message, { details: { host: url.host, status } });
  const answered = `${url.host} answered ${status} for ${what}${said}`;
  const afterMs = parseRetryAfter(answer.header('retry-after'), Date.now());
  if (status === 429)
    throw new TryAgain(
      fail(
        'REGISTRY_RATE_LIMITED',
        `${answered}; ${identified ? 'use a mirror' : 'log in for a higher limit, or use a mirror'}` +
          (afterMs === undefined ? '' : `; it may be asked again in ${Math.ceil(afterMs / 1000)} s`),
      ),
      afterMs,
    );
  // An address of storage is good for a while only; the registry gives a new one.
  if (status === 408 || status >= 500 || url.host !== asked.host)
    throw new TryAgain(fail('REGISTRY_UNREACHABLE', `${answered}; try again later`), afterMs);
  if (status === 404) throw fail('COMPONENT_NOT_FOUND', `${answered}; check the name and the tag`);
  if (status === 401 || status === 403)
    throw fail(
      'REGISTRY_UNAUTHORIZED',
      identified
        ? `${answered}; the credentials do not allow it, or there is no such image: check its name, log in again`
        : `${answered}; there is no such image for everybody: check its name, or log in with docker login ${url.host}`,
    );
  throw fail('REGISTRY_UNREACHABLE', `${answered}; expected 200`);
};
