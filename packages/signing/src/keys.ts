import { createPrivateKey, webcrypto } from 'node:crypto';

/** RSA-3072 because node-forge, which makes the CMS, knows no elliptic curves; RSA-2048 for firmware; P-256 everywhere else. */
export type KeyKind = 'rsa-2048' | 'rsa-3072' | 'p-256';

const rsa = (modulusLength: number) => ({
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  modulusLength,
  publicExponent: new Uint8Array([1, 0, 1]),
});

const ALGORITHMS = {
  'rsa-2048': rsa(2048),
  'rsa-3072': rsa(3072),
  'p-256': { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
} as const;

export type KeyPair = { readonly publicKey: CryptoKey; readonly privateKey: CryptoKey };

export const makeKeys = async (kind: KeyKind): Promise<KeyPair> =>
  webcrypto.subtle.generateKey(ALGORITHMS[kind], true, ['sign', 'verify']);

/** PKCS #8 in PEM. */
export const encodePrivateKey = async (key: CryptoKey): Promise<string> => {
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key));
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN PRIVATE KEY-----\n${lines.join('\n')}\n-----END PRIVATE KEY-----\n`;
};

export const importPrivateKey = async (pem: string): Promise<CryptoKey> => {
  const key = createPrivateKey(pem);
  // Which length it has, the key says itself.
  const kind = key.asymmetricKeyType === 'rsa' ? 'rsa-3072' : 'p-256';
  const der = key.export({ format: 'der', type: 'pkcs8' });
  return webcrypto.subtle.importKey('pkcs8', der, ALGORITHMS[kind], true, ['sign']);
};
