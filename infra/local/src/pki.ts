import { X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { dirname, join } from 'node:path';
import {
  enrolmentFiles,
  type Identity,
  makeDeviceAuthority,
  makeReleaseTree,
  makeSecureBootTree,
  makeServerAuthority,
  makeServerIdentity,
  makeServiceIdentity,
  putBack,
  readAuthorities,
  signRevocationLists,
  takePlace,
} from '@slipway/signing';
import { SigningProfile } from '@slipway/protocol';
import { CLOUD_ADDRESS } from '@slipway/qualifier/cloud';
import type { Layout } from './layout.ts';

/** Makes a folder with files that only we can read, in one step: half a key set would be taken for a whole one. */
const makeFolder = async (
  folder: string,
  files: Readonly<Record<string, string | Uint8Array>>,
): Promise<void> => {
  const temporary = `${folder}.new`;
  await rm(temporary, { recursive: true, force: true });
  await mkdir(temporary, { recursive: true, mode: 0o700 });
  for (const [name, text] of Object.entries(files)) {
    await writeFile(join(temporary, name), text, { mode: name.includes('key') ? 0o400 : 0o444, flush: true });
  }
  await takePlace(temporary, folder);
};

const makeReleaseKeys = async (layout: Layout): Promise<void> => {
  if (existsSync(layout.signerKeysDir)) return;
  const { root, intermediate, leaf } = await makeReleaseTree('Slipway');
  await rm(layout.offlineDir, { recursive: true, force: true });
  await makeFolder(layout.offlineDir, {
    'root.key.pem': root.keyPem,
    'intermediate.key.pem': intermediate.keyPem,
  });
  // Last: its presence says that all is there.
  await makeFolder(layout.signerKeysDir, {
    'leaf.key.pem': leaf.keyPem,
    'leaf.pem': leaf.certificatePem,
    'intermediate.pem': intermediate.certificatePem,
    'root.pem': root.certificatePem,
  });
};

/** After the release keys, in whose folder the signer looks. */
const makeSecureBootKeys = async (layout: Layout): Promise<void> => {
  if (existsSync(layout.secureBootKeysDir)) return;
  const tree = await makeSecureBootTree('Slipway');
  for (const folder of [layout.secureBootOfflineDir, layout.secureBootDir])
    await rm(folder, { recursive: true, force: true });
  await makeFolder(layout.secureBootOfflineDir, {
    'PK.key.pem': tree.pk.keyPem,
    'KEK.key.pem': tree.kek.keyPem,
  });
  await makeFolder(layout.secureBootDir, enrolmentFiles(tree));
  await makeFolder(layout.secureBootKeysDir, {
    'db.key.pem': tree.db.keyPem,
    'db.pem': tree.db.certificatePem,
  });
};

const makeDeviceKeys = async (layout: Layout): Promise<void> => {
  const folder = dirname(layout.deviceCaCert);
  if (existsSync(folder)) return;
  const ca = await makeDeviceAuthority('Slipway');
  await makeFolder(folder, { 'ca.pem': ca.certificatePem, 'ca.key.pem': ca.keyPem });
};

/** The broker wants a list before there is a server that could make one; the gateway puts the real one in its place. */
const makeRevocationFile = async (layout: Layout): Promise<void> => {
  if (existsSync(layout.revocationFile)) return;
  const authorities = await authoritiesOf(layout.deviceCaCert, layout.deviceCaKey);
  // Older than every list of the server.
  const lists = await signRevocationLists([], 0, authorities, new Date(EMPTY_LIST));
  await writeFile(layout.revocationFile, lists, { mode: 0o600 });
};
const EMPTY_LIST = '2020-01-01T00:00:00Z';

/** Devices in QEMU's user network reach the host's loopback at 10.0.2.2. */
const hostsOf = (deviceHost: string): string[] => [
  ...new Set([deviceHost, '10.0.2.2', '127.0.0.1', 'localhost']),
];

const covers = (certificatePem: string, host: string): boolean => {
  const certificate = new X509Certificate(certificatePem);
  return (isIP(host) === 0 ? certificate.checkHost(host) : certificate.checkIP(host)) !== undefined;
};

/** The first one is worked with, see docs/keys.md. */
const authoritiesOf = async (certificates: string, keys: string) =>
  readAuthorities(await readFile(certificates, 'utf8'), await readFile(keys, 'utf8'));

const makeServerKeys = async (layout: Layout, deviceHost: string): Promise<void> => {
  const hosts = hostsOf(deviceHost);
  let authorities: readonly [Identity, ...Identity[]];
  if (existsSync(layout.serverDir)) {
    const server = await readFile(layout.serverCert, 'utf8');
    if (hosts.every((host) => covers(server, host))) return;
    authorities = await authoritiesOf(layout.serverCaCert, layout.serverCaKey);
  } else {
    authorities = [await makeServerAuthority('Slipway')];
  }
  const [ca] = authorities;
  const server = await makeServerIdentity(ca, 'slipway', hosts);
  const gateway = await makeServiceIdentity(ca, 'gateway');
  await makeFolder(layout.serverDir, {
    'ca.pem': authorities.map(({ certificatePem }) => certificatePem).join(''),
    'ca.key.pem': authorities.map(({ keyPem }) => keyPem).join(''),
    'server.pem': server.certificatePem,
    'server.key.pem': server.keyPem,
    'gateway.pem': gateway.certificatePem,
    'gateway.key.pem': gateway.keyPem,
  });
};

/** Of its own, so that who starts devices to try them holds no key of the real broker. */
const makeQualifierKeys = async (layout: Layout): Promise<void> => {
  if (existsSync(layout.qualifierKeysDir)) {
    const serverCa = new X509Certificate(await readFile(layout.serverCaCert));
    const known = new X509Certificate(await readFile(layout.qualifierCert));
    if (known.verify(serverCa.publicKey)) return;
  }
  const [ca] = await authoritiesOf(layout.serverCaCert, layout.serverCaKey);
  const server = await makeServerIdentity(ca, 'qualifier', [CLOUD_ADDRESS]);
  await makeFolder(layout.qualifierKeysDir, {
    'server.pem': server.certificatePem,
    'server.key.pem': server.keyPem,
  });
};

/** What devices enrol, where it is gone: it was signed by keys that are offline, so the signer's folder keeps a copy. */
const publishSecureBoot = async (keys: string, folder: string): Promise<void> => {
  if (existsSync(folder)) return;
  const names = (await readdir(keys).catch(() => [])).filter((name) => !name.includes('.key.'));
  if (!names.includes('PK.auth')) return;
  const read = async (name: string) => [name, await readFile(join(keys, name))] as const;
  await makeFolder(folder, Object.fromEntries(await Promise.all(names.map(read))));
};

/** Puts folders of keys back that a rotation was cut in, and what is public where who builds images and provisions devices finds it. */
export const publishProfiles = async (layout: Layout): Promise<void> => {
  const entries = await readdir(layout.profileKeysDir).catch(() => []);
  for (const name of new Set(entries.map((entry) => entry.replace(/\.old$/, '')))) {
    if (!SigningProfile.safeParse(name).success) continue;
    const keys = join(layout.profileKeysDir, name);
    await putBack(keys);
    if (!existsSync(keys)) continue;
    const folder = join(layout.profilesDir, name);
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'release-root.pem'), await readFile(join(keys, 'root.pem')));
    await publishSecureBoot(join(keys, 'secure-boot'), join(folder, 'secure-boot'));
  }
};

/** Makes what is missing of the trees. */
export const makeKeys = async (layout: Layout, deviceHost: string): Promise<void> => {
  // A rotation, or a start, may have been cut while it put other keys in their place.
  for (const folder of [
    layout.signerKeysDir,
    layout.offlineDir,
    dirname(layout.deviceCaCert),
    layout.serverDir,
    layout.qualifierKeysDir,
  ])
    await putBack(folder);
  const signing = async () => {
    await makeReleaseKeys(layout);
    await makeSecureBootKeys(layout);
  };
  await Promise.all([signing(), makeDeviceKeys(layout), makeServerKeys(layout, deviceHost)]);
  await makeQualifierKeys(layout);
  await makeRevocationFile(layout);
  await writeFile(layout.releaseRoot, await readFile(join(layout.signerKeysDir, 'root.pem')));
  await publishProfiles(layout);
};
