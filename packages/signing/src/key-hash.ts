import { createHash, type KeyObject } from 'node:crypto';

/** SHA-256 of a public key (SubjectPublicKeyInfo), in hexadecimal digits. */
export const keySha256Of = (key: KeyObject): string =>
  createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('hex');
