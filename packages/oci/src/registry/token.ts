import { z } from 'zod';
import { failure } from '../failures.ts';
import { parseJson } from '../json.ts';
import { TryAgain } from './attempt.ts';
import type { Challenge } from './challenge.ts';
import type { RepositoryContext } from './context.ts';
import type { Credentials } from './credentials.ts';
import type { Endpoint } from './endpoint.ts';
import { isLoopback } from './host.ts';
import { ask, assertSecure, drop, readAll, type Question } from './http.ts';

const MAX_TOKEN_BYTES = 1024 * 1024;
const DEFAULT_LIFE_S = 60;
/** given back a little before it ends, because requests take their time */
const MARGIN_MS = 5_000;

export type Token = { readonly header: string; readonly endsAt: number };

const TokenAnswer = z.object({
  token: z.string().optional(),
  access_token: z.string().optional(),
  expires_in: z.number().optional(),
});

const basic = (username: string, password: string): string =>
  `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;

/** Distribution's token specification: GET with a password or as anybody, POST with an identity token. */
const questionOf = (
  realm: URL,
  service: string | undefined,
  scope: string,
  credentials: Credentials | undefined,
): { readonly url: URL; readonly question: Question } => {
  const parameters = new URLSearchParams({
    ...(service === undefined ? {} : { service }),
    scope,
    client_id: 'slipway',
  });
  if (credentials?.type === 'identity') {
    parameters.set('grant_type', 'refresh_token');
    parameters.set('refresh_token', credentials.token);
    return {
      url: realm,
      question: {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: parameters.toString(),
      },
    };
  }
  const url = new URL(realm);
  if (credentials?.type === 'password') parameters.set('account', credentials.username);
  for (const [name, value] of parameters) url.searchParams.set(name, value);
  const authorization =
    credentials?.type === 'password'
      ? { authorization: basic(credentials.username, credentials.password) }
      : {};
  return { url, question: { method: 'GET', headers: authorization } };
};

const fetchToken = async (
  context: RepositoryContext,
  endpoint: Endpoint,
  challenge: Challenge,
  scope: string,
  credentials: Credentials | undefined,
): Promise<Token> => {
  const { ref } = context;
  const realm = URL.parse(challenge.parameters.get('realm') ?? '');
  if (realm === null)
    throw failure('REGISTRY_UNAUTHORIZED', ref, `${endpoint.host} names no address to get a token from`);
  assertSecure(realm, ref, `${endpoint.host} wants a token from`);
  if (isLoopback(realm.hostname) && !isLoopback(new URL(`https://${endpoint.host}`).hostname))
    throw failure(
      'REGISTRY_INSECURE',
      ref,
      `${endpoint.host} wants a token from this machine, ${realm.origin}`,
    );
  const { url, question } = questionOf(realm, challenge.parameters.get('service'), scope, credentials);
  const answer = await ask(context, endpoint.host, url, question);
  if (answer.status !== 200) {
    await drop(answer.body);
    const who = credentials === undefined ? 'to anybody' : 'for the credentials there are';
    if (answer.status === 429 || answer.status >= 500)
      throw new TryAgain(
        failure('REGISTRY_UNREACHABLE', ref, `${realm.host} gives no token: it answered ${answer.status}`),
      );
    throw failure(
      'REGISTRY_UNAUTHORIZED',
      ref,
      `${realm.host} gives no token ${who}: it answered ${answer.status}; log in with docker login ${endpoint.host}`,
      { details: { host: realm.host, status: answer.status } },
    );
  }
  const bytes = await readAll(answer.body, MAX_TOKEN_BYTES);
  const parsed = parseJson(bytes ?? new Uint8Array(), TokenAnswer, ref, `the token of ${realm.host}`);
  const token = parsed.token ?? parsed.access_token;
  if (token === undefined || !/^[\x21-\x7e]+$/.test(token))
    throw failure('REGISTRY_UNAUTHORIZED', ref, `${realm.host} answered without a token`);
  const lifeMs = (parsed.expires_in ?? DEFAULT_LIFE_S) * 1000;
  return { header: `Bearer ${token}`, endsAt: Date.now() + lifeMs - MARGIN_MS };
};

/**
 * What goes into `Authorization` for pulling from a repository; undefined: nothing.
 *
 * @param renew the last one was refused
 * @throws {SlipwayError} REGISTRY_UNAUTHORIZED, REGISTRY_INSECURE, CREDENTIALS_FAILED
 */
export const authorizationFor = async (
  context: RepositoryContext,
  endpoint: Endpoint,
  challenges: readonly Challenge[],
  renew: boolean,
): Promise<string | undefined> => {
  const bearer = challenges.find(({ scheme }) => scheme === 'bearer');
  const usable = bearer ?? challenges.find(({ scheme }) => scheme === 'basic');
  if (usable === undefined) return undefined;
  const repository = `${endpoint.prefix}${context.repository}`;
  const credentials = await context.registries.credentialsFor(endpoint.host, repository);
  if (credentials?.type === 'registry') return `Bearer ${credentials.token}`;
  if (bearer === undefined)
    return credentials?.type === 'password' ? basic(credentials.username, credentials.password) : undefined;

  const { tokens } = context.registries;
  const scope = `repository:${repository}:pull`;
  const key = JSON.stringify([
    endpoint.host,
    bearer.parameters.get('realm'),
    bearer.parameters.get('service'),
    scope,
  ]);
  const known = renew ? undefined : await tokens.get(key)?.catch(() => undefined);
  if (known !== undefined && known.endsAt > Date.now()) return known.header;
  const fetched = fetchToken(context, endpoint, bearer, scope, credentials);
  tokens.set(key, fetched);
  return (await fetched).header;
};
