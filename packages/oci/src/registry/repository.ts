import { Digest, SlipwayError } from '@slipway/protocol';
import { MAX_DOCUMENT_BYTES } from '../blobs.ts';
import { mismatch } from '../checked-stream.ts';
import { digestOf } from '../digest.ts';
import { failure } from '../failures.ts';
import { INDEX_TYPES, MANIFEST_TYPES } from '../oci-schema.ts';
import { attempt } from './attempt.ts';
import { parseChallenges } from './challenge.ts';
import { attemptsAt, type RepositoryContext } from './context.ts';
import type { Endpoint } from './endpoint.ts';
import { greet } from './greet.ts';
import { ask, drop, readAll, type Answer } from './http.ts';
import { assertStatus } from './status.ts';
import { authorizationFor } from './token.ts';

const ACCEPT = [...INDEX_TYPES, ...MANIFEST_TYPES].join(', ');
const SCHEMA_1 = 'application/vnd.docker.distribution.manifest.v1+';

/**
 * One request for something of the repository, with whatever the registry wants to see.
 *
 * @param path below the repository: `manifests/latest`
 * @throws {TryAgain | SlipwayError} and what the network throws
 */
export const askRepository = async (
  context: RepositoryContext,
  endpoint: Endpoint,
  path: string,
  {
    method,
    headers,
  }: { readonly method: 'GET' | 'HEAD'; readonly headers: Readonly<Record<string, string>> },
): Promise<Answer> => {
  const greeting = await greet(context, endpoint);
  const url = new URL(`${greeting.origin}/v2/${endpoint.prefix}${context.repository}/${path}`);
  let { challenges } = greeting;
  for (let renew = false; ; renew = true) {
    const authorization = await authorizationFor(context, endpoint, challenges, renew);
    const answer = await ask(context, endpoint.host, url, {
      method,
      headers: authorization === undefined ? headers : { ...headers, authorization },
    });
    const refused = answer.status === 401 && answer.url.host === url.host;
    const offered = parseChallenges(answer.header('www-authenticate') ?? '');
    if (refused && !renew && offered.length > 0) {
      await drop(answer.body);
      challenges = offered;
      continue;
    }
    await assertStatus(answer, url, path, context.ref, authorization !== undefined);
    return answer;
  }
};

const attemptAt = async <T>(
  context: RepositoryContext,
  endpoint: Endpoint,
  once: () => Promise<T>,
): Promise<T> => {
  const { registries, ref, signal, log } = context;
  const attempts = attemptsAt(endpoint, context);
  return attempt({ retry: registries.retry, attempts, ref, host: endpoint.host, signal, log }, once);
};

/** Asks one place after the other until one has it; what the last one, the registry itself, says counts. */
export const fromFirst = async <T>(
  context: RepositoryContext,
  fetch: (endpoint: Endpoint) => Promise<T>,
): Promise<T> => {
  let last: unknown;
  for (const endpoint of context.endpoints) {
    try {
      return await fetch(endpoint);
    } catch (error) {
      if (!(error instanceof SlipwayError)) throw error;
      last = error;
      if (endpoint.mirror) context.log(`mirror ${endpoint.host}: ${error.message}; asking the next one`);
    }
  }
  throw last;
};

const contentDigest = (answer: Answer): Digest | undefined =>
  Digest.safeParse(answer.header('docker-content-digest')).data;

/**
 * What a tag points at, without fetching it; undefined: the registry does not say.
 *
 * @throws {SlipwayError}
 */
export const headManifest = async (
  context: RepositoryContext,
  endpoint: Endpoint,
  tag: string,
): Promise<Digest | undefined> =>
  attemptAt(context, endpoint, async () => {
    const answer = await askRepository(context, endpoint, `manifests/${tag}`, {
      method: 'HEAD',
      headers: { accept: ACCEPT },
    });
    await drop(answer.body);
    return contentDigest(answer);
  });

/** @throws {SlipwayError} COMPONENT_INVALID, COMPONENT_DIGEST_MISMATCH, COMPONENT_NOT_FOUND, REGISTRY_… */
export const getManifest = async (
  context: RepositoryContext,
  endpoint: Endpoint,
  wanted: { readonly tag: string } | { readonly digest: Digest },
): Promise<Uint8Array> =>
  attemptAt(context, endpoint, async () => {
    const { ref } = context;
    const name = 'tag' in wanted ? wanted.tag : wanted.digest;
    const answer = await askRepository(context, endpoint, `manifests/${name}`, {
      method: 'GET',
      headers: { accept: ACCEPT },
    });
    if (answer.header('content-type')?.startsWith(SCHEMA_1) === true) {
      await drop(answer.body);
      throw failure(
        'COMPONENT_INVALID',
        ref,
        `${answer.url.host} gives a manifest of Docker's schema 1, which nothing has written since 2019; ` +
          `push the image again with a current tool`,
      );
    }
    const bytes = await readAll(answer.body, MAX_DOCUMENT_BYTES);
    if (bytes === undefined)
      throw failure('COMPONENT_INVALID', ref, `${name} has more than ${MAX_DOCUMENT_BYTES} bytes`);
    const expected = 'digest' in wanted ? wanted.digest : contentDigest(answer);
    const found = digestOf(bytes);
    if (expected !== undefined && expected !== found)
      throw mismatch(ref, { digest: expected, size: undefined }, found);
    return bytes;
  });
