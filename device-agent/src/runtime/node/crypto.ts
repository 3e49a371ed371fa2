import { createPublicKey, generateKeyPair, sign, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { Crypto, Processes, SignedMessage } from '../port.ts';

/** A signature takes 10 ms to check on a PC and a second under emulation; whatever takes longer was made to. */
const TIMEOUT_MS = 30_000;

/** By Node, and by `openssl` what Node cannot: making requests and checking CMS. */
export const nodeCrypto = (run: Processes['run']): Crypto => {
  const verify = async ({ signaturePath, contentPath }: SignedMessage, rules: readonly string[]) => {
    const message = ['-inform', 'DER', '-in', signaturePath, '-content', contentPath, '-out', '/dev/null'];
    return run(['openssl', 'cms', '-verify', '-binary', ...rules, ...message], { timeoutMs: TIMEOUT_MS });
  };
  return {
    newKey: async () => {
      const { privateKey } = await promisify(generateKeyPair)('ec', { namedCurve: 'P-256' });
      return privateKey.export({ type: 'pkcs8', format: 'pem' });
    },
    publicKey: async (key) => createPublicKey(key).export({ type: 'spki', format: 'pem' }),
    newRequest: async (keyPath, name) => {
      const command = ['openssl', 'req', '-new', '-sha256', '-key', keyPath, '-subj', `/CN=${name}`];
      const { status, stdout, stderr } = await run(command);
      if (status === 0) return stdout;
      throw new Error(`openssl req: status ${status}: ${stderr.trim().slice(-500)}`);
    },
    sign: async (keyPath, text) =>
      sign('sha256', Buffer.from(text), await readFile(keyPath)).toString('base64'),
    certificate: async (pem) => {
      const certificate = new X509Certificate(pem);
      const commonName = /^CN=([\x21-\x7e]+)$/.exec(certificate.subject)?.[1];
      if (commonName === undefined) throw new Error(`the subject is not one CN: ${certificate.subject}`);
      return {
        endsAt: Math.floor(certificate.validToDate.getTime() / 1000),
        commonName,
        publicKey: certificate.publicKey.export({ type: 'spki', format: 'pem' }),
      };
    },
    verifySigner: async (message, rootPath, at) => {
      const anchor = ['-purpose', 'codesign', '-CAfile', rootPath, '-no-CApath', '-no-CAstore'];
      const trusted = await verify(message, [...anchor, '-attime', `${at}`]);
      if (trusted.status === 0) return { kind: 'good' };
      // Only to name the reason: is the signature good and its certificate alone in doubt?
      const signed = await verify(message, ['-noverify']);
      const kind = signed.status === 0 ? 'signer-untrusted' : 'signature-invalid';
      const { stderr } = signed.status === 0 ? trusted : signed;
      return { kind, reason: stderr.trim().slice(-500) };
    },
  };
};
