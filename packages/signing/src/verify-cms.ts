import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SlipwayError } from '@slipway/protocol';
import { verifyCmsShape } from './cms-shape.ts';

export type VerifyCms = {
  /** the exact bytes that were signed */
  readonly content: Uint8Array;
  /** DER, detached */
  readonly signature: Uint8Array;
  /** PEM: the only trust anchor */
  readonly rootPem: string;
  /** when the certificates must be valid; absent: now */
  readonly at?: Date;
};

/** ms; a signature takes 10 ms to check, whatever takes longer was made to. */
const TIMEOUT_MS = 10_000;

const runOpenssl = async (args: readonly string[]): Promise<{ ok: boolean; output: string }> => {
  const { promise, resolve, reject } = Promise.withResolvers<{ ok: boolean; output: string }>();
  execFile(
    'openssl',
    args,
    {
      timeout: TIMEOUT_MS,
      killSignal: 'SIGKILL',
      maxBuffer: 65_536,
      // No configuration of the machine may load an engine or loosen a rule.
      env: { PATH: process.env['PATH'], LC_ALL: 'C', OPENSSL_CONF: '/dev/null' },
    },
    (error, _stdout, stderr) => {
      if (error === null) resolve({ ok: true, output: stderr });
      else if (error.code === 'ENOENT') {
        reject(
          new SlipwayError('TOOL_MISSING', 'openssl is not on the PATH; install the package openssl.', {
            cause: error,
          }),
        );
      } else resolve({ ok: false, output: stderr.trim().slice(-1000) });
    },
  );
  return promise;
};

/**
 * Verifies a detached signature by `openssl cms`, with `rootPem` as the only anchor and for code signing only.
 *
 * @throws {SlipwayError} BUNDLE_SIGNATURE_INVALID where the bytes are not what the enclosed certificate signed;
 *   BUNDLE_SIGNER_UNTRUSTED where they are, but that certificate has no valid path to the root or another purpose
 */
export const verifyCms = async (input: VerifyCms): Promise<void> => {
  const { signature } = input;
  verifyCmsShape(signature);
  const folder = await mkdtemp(join(tmpdir(), 'slipway-cms-'));
  try {
    const path = (name: string) => join(folder, name);
    await Promise.all([
      writeFile(path('content'), input.content),
      writeFile(path('signature'), signature),
      writeFile(path('root.pem'), input.rootPem),
    ]);
    const base = ['cms', '-verify', '-binary', '-inform', 'DER', '-in', path('signature')];
    const content = ['-content', path('content'), '-out', '/dev/null'];
    const trusted = await runOpenssl([
      ...base,
      '-purpose',
      'codesign',
      '-CAfile',
      path('root.pem'),
      '-no-CApath',
      '-no-CAstore',
      ...(input.at === undefined ? [] : ['-attime', String(Math.floor(input.at.getTime() / 1000))]),
      ...content,
    ]);
    if (trusted.ok) return;
    // Only to name the reason: is the signature good and its certificate alone in doubt?
    const signed = await runOpenssl([...base, '-noverify', ...content]);
    throw signed.ok
      ? new SlipwayError(
          'BUNDLE_SIGNER_UNTRUSTED',
          'Expected a signer below our release root that may sign code and is valid at this time; openssl says: ' +
            `${trusted.output}. Do not install it; find out who signed it.`,
        )
      : invalid(`openssl says: ${signed.output}`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

const invalid = (found: string): SlipwayError =>
  new SlipwayError(
    'BUNDLE_SIGNATURE_INVALID',
    `Expected a signature over exactly these bytes; ${found}. Do not install it; find out where it came from.`,
  );
