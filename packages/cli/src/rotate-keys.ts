import { X509Certificate } from 'node:crypto';
import { cp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SlipwayError, systemError } from '@slipway/protocol';
import type { Identity } from '@slipway/signing';

/** What a key was, and what has taken its place: SHA-256 of certificates. */
export type Rotated = { readonly name: string; readonly before: string; readonly after: string };

const readPem = (path: string): Promise<string> =>
  readFile(path, 'utf8').catch((cause: unknown) => {
    if (systemError(cause, ['ENOENT', 'ENOTDIR']) === undefined) throw cause;
    throw new SlipwayError(
      'NOT_FOUND',
      `${path} is not there. Name the data directory by --data; a key that is kept elsewhere is put there for as long as this takes.`,
      { cause },
    );
  });

const fingerprint = (pem: string): string =>
  new X509Certificate(pem).fingerprint256.replaceAll(':', '').toLowerCase();

/** Puts files into a copy of a folder, which then takes its place: half of a key set is never there. */
const replaceIn = async (folder: string, files: Readonly<Record<string, string>>): Promise<void> => {
  const next = `${folder}.new`;
  const gone = `${folder}.old`;
  for (const place of [next, gone]) await rm(place, { recursive: true, force: true });
  await cp(folder, next, { recursive: true, preserveTimestamps: true });
  for (const [name, text] of Object.entries(files)) {
    await rm(join(next, name), { force: true });
    await writeFile(join(next, name), text, { mode: name.includes('key') ? 0o400 : 0o444, flush: true });
  }
  await rename(folder, gone);
  await rename(next, folder);
  await rm(gone, { recursive: true, force: true });
};

/**
 * Gives the signer another key by the same intermediate, which devices trust by the root: nothing on them changes.
 *
 * @throws {SlipwayError} NOT_FOUND where the key of the intermediate is not in `signer/offline`
 */
export const rotateReleaseSigner = async (dataDir: string): Promise<Rotated[]> => {
  const { makeReleaseSigner } = await import('@slipway/signing');
  const folder = join(dataDir, 'signer', 'keys');
  const intermediate: Identity = {
    certificatePem: await readPem(join(folder, 'intermediate.pem')),
    keyPem: await readPem(join(dataDir, 'signer', 'offline', 'intermediate.key.pem')),
  };
  const before = await readPem(join(folder, 'leaf.pem'));
  const leaf = await makeReleaseSigner('Slipway', intermediate);
  await replaceIn(folder, { 'leaf.pem': leaf.certificatePem, 'leaf.key.pem': leaf.keyPem });
  return [{ name: 'release-signer', before: fingerprint(before), after: fingerprint(leaf.certificatePem) }];
};

/** Names and addresses that a certificate is for. */
const hostsOf = (pem: string): string[] =>
  (new X509Certificate(pem).subjectAltName ?? '')
    .split(', ')
    .map((name) => name.replace(/^(?:DNS|IP Address):/, ''))
    .filter((name) => name !== '');

/**
 * Gives server, broker and gateway other keys by the same authority, for the names they have: devices notice nothing.
 *
 * @throws {SlipwayError} NOT_FOUND
 */
export const rotateServers = async (dataDir: string): Promise<Rotated[]> => {
  const { makeServerIdentity, makeServiceIdentity } = await import('@slipway/signing');
  const folder = join(dataDir, 'pki', 'server');
  const pem = (name: string): Promise<string> => readPem(join(folder, name));
  const ca: Identity = { certificatePem: await pem('ca.pem'), keyPem: await pem('ca.key.pem') };
  const [server, gateway] = await Promise.all([pem('server.pem'), pem('gateway.pem')]);
  const nextServer = await makeServerIdentity(ca, 'slipway', hostsOf(server));
  const nextGateway = await makeServiceIdentity(ca, 'gateway');
  await replaceIn(folder, {
    'server.pem': nextServer.certificatePem,
    'server.key.pem': nextServer.keyPem,
    'gateway.pem': nextGateway.certificatePem,
    'gateway.key.pem': nextGateway.keyPem,
  });
  return [
    { name: 'server', before: fingerprint(server), after: fingerprint(nextServer.certificatePem) },
    { name: 'gateway', before: fingerprint(gateway), after: fingerprint(nextGateway.certificatePem) },
  ];
};
