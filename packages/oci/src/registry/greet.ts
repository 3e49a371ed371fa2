import { attempt } from './attempt.ts';
import { parseChallenges, type Challenge } from './challenge.ts';
import { attemptsAt, type RepositoryContext } from './context.ts';
import type { Endpoint } from './endpoint.ts';
import { isLoopback } from './host.ts';
import { ask, drop } from './http.ts';
import { speaksNoTls } from './network-error.ts';

/** What a registry says at `/v2/`: how it is reached, and what it wants to see first. */
export type Greeting = { readonly origin: string; readonly challenges: readonly Challenge[] };

/**
 * Asks a registry once in its life how it wants to be spoken to. On loopback TLS is tried first, so that a registry
 * with a certificate is never spoken to without.
 *
 * @throws {SlipwayError} REGISTRY_UNREACHABLE, REGISTRY_UNTRUSTED, REGISTRY_INSECURE
 */
export const greet = async (context: RepositoryContext, endpoint: Endpoint): Promise<Greeting> => {
  const { registries, ref, log, signal } = context;
  const { greetings } = registries;
  const key = `${endpoint.scheme ?? ''}//${endpoint.host}`;
  const at = async (scheme: 'http' | 'https'): Promise<Greeting> => {
    const url = new URL(`${scheme}://${endpoint.host}/v2/`);
    const answer = await ask(context, endpoint.host, url, { method: 'GET', headers: {} });
    await drop(answer.body);
    return { origin: url.origin, challenges: parseChallenges(answer.header('www-authenticate') ?? '') };
  };
  const first = async (): Promise<Greeting> => {
    if (endpoint.scheme !== undefined) return at(endpoint.scheme);
    const { hostname } = new URL(`https://${endpoint.host}`);
    if (!isLoopback(hostname)) return at('https');
    return at('https').catch(async (error: unknown) => {
      if (!speaksNoTls(error)) throw error;
      return at('http');
    });
  };
  const known =
    greetings.get(key) ??
    attempt(
      {
        retry: registries.retry,
        attempts: attemptsAt(endpoint, context),
        ref,
        host: endpoint.host,
        signal,
        log,
      },
      first,
    );
  greetings.set(key, known);
  try {
    return await known;
  } catch (error) {
    // A mirror that is down is not waited for again; the registry itself is what the build needs.
    if (!endpoint.mirror || signal?.aborted === true) greetings.delete(key);
    throw error;
  }
};
