import { type Identity, makeSelfSigned, validFor } from './certificates.ts';

/**
 * The keys of Secure Boot: the platform key (`PK`) allows changes of the `KEK`, which allows changes of `db`, whose
 * certificates allow programs to start. The signer works with `db` alone; the others belong offline.
 */
export type SecureBootTree = { readonly pk: Identity; readonly kek: Identity; readonly db: Identity };

const YEAR = 365;

export const makeSecureBootTree = async (name: string, now = new Date()): Promise<SecureBootTree> => {
  const make = (what: string) =>
    makeSelfSigned(
      { commonName: `${name} Secure Boot ${what}`, validity: validFor(30 * YEAR, now) },
      // What every firmware must know; many know nothing larger.
      'rsa-2048',
    );
  const [pk, kek, db] = await Promise.all([make('PK'), make('KEK'), make('db')]);
  return { pk, kek, db };
};
