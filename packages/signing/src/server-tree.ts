import { type Identity, makeAuthority, makeLeaf, validFor } from './certificates.ts';

/**
 * The tree that names servers to devices and the gateway to the broker. Separate from the device tree: who can make
 * device certificates still cannot pose as a server or as the gateway.
 */
export const makeServerAuthority = async (name: string, now = new Date()): Promise<Identity> =>
  makeAuthority({
    commonName: `${name} servers`,
    kind: 'p-256',
    pathLength: 0,
    validity: validFor(20 * 365, now),
  });

const SERVER_CERTIFICATE_DAYS = 10 * 365;

/** @param hosts DNS names and IP addresses under which clients reach the server */
export const makeServerIdentity = async (
  ca: Identity,
  commonName: string,
  hosts: readonly string[],
): Promise<Identity> =>
  makeLeaf(
    { commonName, hosts, usage: 'serverAuth', validity: validFor(SERVER_CERTIFICATE_DAYS) },
    'p-256',
    ca,
  );

/** Client certificate of a part of the server side; the broker knows it by its common name. */
export const makeServiceIdentity = async (ca: Identity, commonName: string): Promise<Identity> =>
  makeLeaf({ commonName, usage: 'clientAuth', validity: validFor(SERVER_CERTIFICATE_DAYS) }, 'p-256', ca);
