import { EnrolResponse, isErrorCode, Problem, SlipwayError } from '@slipway/protocol';
import type { AgentConfig } from '../config.ts';
import type { Esp } from '../boot/esp.ts';
import { parseJson } from '../install/stored-manifest.ts';
import type { Runtime } from '../runtime/port.ts';

const REQUEST_TIMEOUT_MS = 60_000;
const MAX_ANSWER_BYTES = 256 * 1024;

/** What everything that deals with the identity of the device works on. */
export type EnrolWork = {
  readonly runtime: Runtime;
  readonly config: AgentConfig;
  readonly esp: Esp;
  readonly enrolUrl: string;
  /** PEM: the only CA that the server's certificate may come from */
  readonly serverCa: string;
  /** seconds since 1970, never before the time floor */
  readonly now: () => number;
};

/** PKCS #10 for a key in a file. The name in it counts for nothing: the server gives the id. */
export const newRequest = async ({ crypto }: Pick<Runtime, 'crypto'>, keyPath: string): Promise<string> =>
  crypto.newRequest(keyPath, 'slipway-device');

/**
 * @throws {SlipwayError} with the code of the server's problem document, INTERNAL where it gives none; CONFIG_INVALID
 *   where a claim would travel in the open
 */
export const askServer = async (work: EnrolWork, path: string, json: unknown): Promise<EnrolResponse> => {
  if (!work.enrolUrl.toLowerCase().startsWith('https:')) {
    throw new SlipwayError(
      'CONFIG_INVALID',
      `enrolUrl: expected https, found ${work.enrolUrl}; build the image again from a server that is reached by TLS.`,
    );
  }
  const { status, body } = await work.runtime.network.request('POST', new URL(path, work.enrolUrl).href, {
    ca: work.serverCa,
    json,
    timeoutMs: REQUEST_TIMEOUT_MS,
    maxBytes: MAX_ANSWER_BYTES,
  });
  const answer = parseJson(new TextEncoder().encode(body));
  if (status >= 200 && status < 300) return EnrolResponse.parse(answer);
  const problem = Problem.safeParse(answer);
  throw new SlipwayError(
    problem.success && isErrorCode(problem.data.code) ? problem.data.code : 'INTERNAL',
    `${path}: status ${status}: ${problem.success ? problem.data.detail : body.slice(0, 200)}`,
  );
};
