import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createClient, type Client } from '@slipway/client';
import { buildDashboard } from '@slipway/dashboard';
import { freePort } from '@slipway/vm';
import { startLocal } from '@slipway/local';
import { writeImages, type ClassOptions } from './images.ts';

type InstanceOptions = {
  /** of this run alone */
  readonly folder: string;
  /** downloads, shared by all runs */
  readonly cacheDir: string;
  readonly classes: readonly ClassOptions[];
  /** a PostgreSQL server; absent: the embedded database */
  readonly databaseUrl?: string;
  readonly say?: (line: string) => void;
};

/** A whole Slipway with its dashboard, and nothing in it yet. */
export const startInstance = async ({ folder, cacheDir, classes, databaseUrl, say }: InstanceOptions) => {
  const dataDir = join(folder, 'server');
  const imagesDir = join(folder, 'images');
  await mkdir(cacheDir, { recursive: true });
  const [images, dashboardDir] = await Promise.all([writeImages(imagesDir, classes), buildDashboard(say)]);
  const local = await startLocal({
    dataDir,
    imagesDir,
    cacheDir,
    dashboardDir,
    deviceHost: '127.0.0.1',
    simListener: await freePort(),
    ...(databaseUrl === undefined ? {} : { databaseUrl }),
    ...(say === undefined ? {} : { say }),
  });
  const { up, close } = local;
  const token = (await readFile(up.adminTokenFile, 'utf8')).trim();
  const client: Client = createClient({ url: up.apiUrl, token });
  return {
    url: up.apiUrl,
    up,
    client,
    images,
    folder,
    setupToken: async () => (await readFile(join(dataDir, 'setup-token'), 'utf8')).trim(),
    close,
  };
};
export type Instance = Awaited<ReturnType<typeof startInstance>>;
