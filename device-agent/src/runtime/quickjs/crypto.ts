import type { Part } from '@slipway/bundle/cms-shape';
import type { CertificateFacts, Crypto, Processes } from '../port.ts';

/** `packages/device-crypto`; on the `PATH` of the agent */
export const CRYPTO = 'slipway-crypto';

/** A signature takes 5 ms to check on a PC and half a second under emulation; whatever takes longer was made to. */
const TIMEOUT_MS = 30_000;
const UNTRUSTED = 2;

const word = ({ offset, length }: Part): string => `${offset},${length}`;

const parseFacts = (text: string): CertificateFacts => {
  const [, endsAt, commonName, publicKey] =
    /^endsAt=(-?\d+)\ncommonName=(.+)\n(-----BEGIN [^]+)$/.exec(text) ?? [];
  if (endsAt === undefined || commonName === undefined || publicKey === undefined)
    throw new Error(`${CRYPTO} certificate: expected facts, found ${text.slice(0, 200)}`);
  return { endsAt: Number(endsAt), commonName, publicKey };
};

/** By `slipway-crypto`, a program of ours on Mbed TLS. */
export const quickjsCrypto = (run: Processes['run']): Crypto => {
  const mustRun = async (words: readonly string[], input?: string): Promise<string> => {
    const { status, stdout, stderr } = await run([CRYPTO, ...words], input === undefined ? {} : { input });
    if (status === 0) return stdout;
    throw new Error(`${CRYPTO} ${words[0] ?? ''}: status ${status}: ${stderr.trim().slice(-500)}`);
  };
  return {
    newKey: async () => mustRun(['new-key']),
    publicKey: async (key) => mustRun(['public-key'], key),
    newRequest: async (keyPath, name) => mustRun(['request', keyPath, name]),
    sign: async (keyPath, text) => (await mustRun(['sign', keyPath], text)).trim(),
    certificate: async (pem) => parseFacts(await mustRun(['certificate'], pem)),
    verifySigner: async ({ signature, shape }, rootPath, at) => {
      const parts = [shape.certificates, shape.attributes, shape.signature].map(word);
      const { status, stderr } = await run([CRYPTO, 'verify', rootPath, `${at}`, ...parts], {
        input: signature,
        timeoutMs: TIMEOUT_MS,
      });
      if (status === 0) return { kind: 'good' };
      const reason = stderr.trim().slice(-500) || `status ${status}`;
      return { kind: status === UNTRUSTED ? 'signer-untrusted' : 'signature-invalid', reason };
    },
  };
};
