import { generateKeyPairSync } from 'node:crypto';
import { z } from 'zod';

const Jwk = z.object({ d: z.string(), x: z.string() });

/** Keys as `wg genkey` and `wg pubkey` print them. */
export const makeWireguardKeys = (): { readonly privateKey: string; readonly publicKey: string } => {
  const { d, x } = Jwk.parse(generateKeyPairSync('x25519').privateKey.export({ format: 'jwk' }));
  const base64 = (text: string): string => Buffer.from(text, 'base64url').toString('base64');
  return { privateKey: base64(d), publicKey: base64(x) };
};
