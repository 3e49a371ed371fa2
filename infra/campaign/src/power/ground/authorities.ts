import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  makeDeviceAuthority,
  makeReleaseTree,
  makeServerAuthority,
  makeServerIdentity,
  makeServiceIdentity,
} from '@slipway/signing';
import { z } from 'zod';
import { CLOUD_ADDRESS } from '@slipway/qualifier/cloud';

const Identity = z.object({ certificatePem: z.string(), keyPem: z.string() });

/** The trees of the one deployment that a campaign plays; kept, because recorded devices trust them. */
const Authorities = z.object({
  servers: Identity,
  devices: Identity,
  release: z.object({ root: Identity, intermediate: Identity, leaf: Identity }),
  /** the broker and the enrolment service */
  server: Identity,
  gateway: Identity,
});
export type Authorities = z.infer<typeof Authorities>;

export const openAuthorities = async (folder: string): Promise<Authorities> => {
  const path = join(folder, 'authorities.json');
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text !== undefined) return Authorities.parse(JSON.parse(text));
  const servers = await makeServerAuthority('campaign');
  const made: Authorities = {
    servers,
    devices: await makeDeviceAuthority('campaign'),
    release: await makeReleaseTree('campaign'),
    server: await makeServerIdentity(servers, 'server', ['127.0.0.1', 'localhost', CLOUD_ADDRESS]),
    gateway: await makeServiceIdentity(servers, 'gateway'),
  };
  await mkdir(folder, { recursive: true });
  await writeFile(path, JSON.stringify(made), { mode: 0o600 });
  return made;
};
