import { messageOf, SlipwayError } from '@slipway/protocol';
import { spawn } from 'node:child_process';
import { z } from 'zod';
import type { Credentials, Environment } from './credentials.ts';

const TIMEOUT_MS = 60_000;
const MAX_OUTPUT_BYTES = 64 * 1024;
/** What helpers say when they have nothing, by their protocol. */
const NOT_FOUND = /credentials not found/i;
/** In place of a user: the secret is an identity token. */
const TOKEN_USER = '<token>';

const Answer = z.object({ Username: z.string(), Secret: z.string() });

/**
 * Runs `docker-credential-NAME get` with the server on its standard input.
 *
 * @param file the configuration that names the helper, for errors
 * @returns undefined if the helper has no credentials for the server
 * @throws {SlipwayError} CREDENTIALS_FAILED; its message never holds a secret
 */
export const askHelper = async (
  name: string,
  server: string,
  environment: Environment,
  file: string,
): Promise<Credentials | undefined> => {
  const program = `docker-credential-${name}`;
  const failed = (message: string, cause?: unknown): SlipwayError =>
    new SlipwayError('CREDENTIALS_FAILED', `${program}, which ${file} names, for ${server}: ${message}`, {
      cause,
      details: { file, helper: program, server },
    });
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name)) throw failed('no name of a program on the PATH');
  const { status, output, errors } = await new Promise<{
    status: number | null;
    output: string;
    errors: string;
  }>((resolve, reject) => {
    const child = spawn(program, ['get'], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: environment,
      timeout: TIMEOUT_MS,
    });
    let output = '';
    let errors = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (output.length > MAX_OUTPUT_BYTES) child.kill();
    });
    child.stderr.on('data', (chunk: Buffer) => (errors = (errors + chunk.toString()).slice(-1000)));
    child.on('error', (error) => reject(failed(`cannot be run: ${messageOf(error)}; install it`, error)));
    child.on('close', (code) => resolve({ status: code, output, errors }));
    // A helper that does not read what it is asked has ended; its status tells.
    child.stdin.on('error', () => {});
    child.stdin.end(server);
  });
  // By the protocol a message goes to standard output, where a secret goes only with status 0.
  const said = `${output} ${errors}`.trim();
  if (status !== 0) {
    if (NOT_FOUND.test(said)) return undefined;
    throw failed(`ended with status ${status ?? 'of a signal'}: ${said.slice(0, 300)}`);
  }
  let answer: z.infer<typeof Answer>;
  try {
    answer = Answer.parse(JSON.parse(output));
  } catch {
    throw failed('its answer has not the form {"Username", "Secret"}');
  }
  if (answer.Username === TOKEN_USER) return { type: 'identity', token: answer.Secret };
  return { type: 'password', username: answer.Username, password: answer.Secret };
};
