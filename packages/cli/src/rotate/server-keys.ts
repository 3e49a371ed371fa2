import { X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import type { Identity } from '@slipway/signing';
import {
  endOf,
  isThere,
  laterThan,
  makeKeyFolder,
  nextName,
  readPem,
  replaceIn,
  type Rotated,
} from './key-files.ts';
import { dueStep, oneRotated, type PlanRotation } from './plan.ts';

const AUTHORITY_DAYS = 20 * 365;

/** Names and addresses that a certificate is for. */
const hostsOf = (pem: string): string[] =>
  (new X509Certificate(pem).subjectAltName ?? '')
    .split(', ')
    .map((name) => name.replace(/^(?:DNS|IP Address):/, ''))
    .filter((name) => name !== '');

/** Keys of server and gateway by an authority, for the names that they have, and what they take the place of. */
const nextServers = async (folder: string, ca: Identity) => {
  const { keyIdOf, makeServerIdentity, makeServiceIdentity } = await import('@slipway/signing');
  const [server, gateway] = await Promise.all(
    ['server.pem', 'gateway.pem'].map((name) => readPem(join(folder, name))),
  );
  const nextServer = await makeServerIdentity(ca, 'slipway', hostsOf(server ?? ''));
  const nextGateway = await makeServiceIdentity(ca, 'gateway');
  return {
    files: {
      'server.pem': nextServer.certificatePem,
      'server.key.pem': nextServer.keyPem,
      'gateway.pem': nextGateway.certificatePem,
      'gateway.key.pem': nextGateway.keyPem,
    },
    rotated: [
      { name: 'server', before: keyIdOf(server ?? ''), after: keyIdOf(nextServer.certificatePem) },
      { name: 'gateway', before: keyIdOf(gateway ?? ''), after: keyIdOf(nextGateway.certificatePem) },
    ] satisfies Rotated[],
  };
};

const readServerAuthorities = async (folder: string) => {
  const { readAuthorities } = await import('@slipway/signing');
  return readAuthorities(await readPem(join(folder, 'ca.pem')), await readPem(join(folder, 'ca.key.pem')));
};

export const authorityFiles = (authorities: readonly Identity[]): Record<string, string> => ({
  'ca.pem': authorities.map(({ certificatePem }) => certificatePem).join(''),
  'ca.key.pem': authorities.map(({ keyPem }) => keyPem).join(''),
});

export const endOfIdentity = ({ certificatePem }: Identity): number => endOf(certificatePem);

/** Server, broker and gateway by the same authority: devices notice nothing. */
export const planServers: PlanRotation = async ({ dataDir }) => {
  const folder = join(dataDir, 'pki', 'server');
  const [ca] = await readServerAuthorities(folder);
  return {
    step: 'rotate',
    consequences: [
      'Server, broker and gateway get new keys by the same authority, for the names they have, at the next start.',
      'Devices notice nothing.',
    ],
    run: async () => {
      const { files, rotated } = await nextServers(folder, ca);
      await replaceIn(folder, files);
      return rotated;
    },
  };
};

/** What devices trust servers by: it has to be in their images before servers can show anything of it. */
export const planServerAuthority: PlanRotation = async ({ dataDir }) => {
  const { keyIdOf, makeServerAuthority, makeServerIdentity } = await import('@slipway/signing');
  const folder = join(dataDir, 'pki', 'server');
  const due = dueStep(await readServerAuthorities(folder), endOfIdentity);
  const { step, first } = due;
  const rotated = (name: string, before: Identity, after: Identity) =>
    oneRotated(name, keyIdOf(before.certificatePem), keyIdOf(after.certificatePem));
  if (due.step === 'begin')
    return {
      step: 'begin',
      consequences: [
        'The next authority is made. Images that are built from the next start on trust both; server, broker and gateway go on with the certificates they have.',
        'Build, publish and roll out a release of every class. Once all devices run one, switch.',
      ],
      run: async () => {
        const next = await makeServerAuthority(nextName(), laterThan(first.certificatePem, AUTHORITY_DAYS));
        await replaceIn(folder, authorityFiles([first, next]));
        return rotated('server-authority (next)', first, next);
      },
    };
  const { second } = due;
  if (step === 'switch')
    return {
      step,
      followers: 'server-authority',
      consequences: [
        'Server, broker and gateway show certificates by the next authority from the next start on.',
        'Devices whose image does not trust it connect no more, enrol no more and cannot be updated over the network: give them a new disk.',
        'The authority before stays in images, so that devices which go back to it are not lost.',
      ],
      run: async () => {
        const { files, rotated: servers } = await nextServers(folder, second);
        await replaceIn(folder, { ...files, ...authorityFiles([second, first]) });
        const qualifier = join(dataDir, 'pki', 'qualifier');
        if (await isThere(qualifier)) {
          const hosts = hostsOf(await readPem(join(qualifier, 'server.pem')));
          const next = await makeServerIdentity(second, 'qualifier', hosts);
          await makeKeyFolder(qualifier, {
            'server.pem': next.certificatePem,
            'server.key.pem': next.keyPem,
          });
        }
        return [...rotated('server-authority', first, second), ...servers];
      },
    };
  return {
    step,
    followers: 'server-authority',
    consequences: [
      'Images that are built from the next start on trust the present authority alone; the key of the one before is removed.',
      'Devices on images from before trust both until their next update.',
    ],
    run: async () => {
      await replaceIn(folder, authorityFiles([first]));
      return rotated('server-authority', second, first);
    },
  };
};
