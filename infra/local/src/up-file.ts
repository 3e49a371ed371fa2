import { readFile, rename, writeFile } from 'node:fs/promises';
import { z } from 'zod';

/** Where a running instance is to be found; `up.json` in its data directory. */
export const Up = z.object({
  v: z.literal(1),
  pid: z.int(),
  dataDir: z.string(),
  apiUrl: z.url(),
  adminTokenFile: z.string(),
  /** as devices reach them */
  enrolUrl: z.url(),
  mqttUrl: z.url(),
  mqttPort: z.int(),
  /** without TLS, for simulated devices */
  simMqttUrl: z.url().optional(),
  redisUrl: z.string(),
  storeDir: z.string(),
  imagesDir: z.string(),
  /** PEM: the root that releases are verified by */
  releaseRootFile: z.string(),
  /** of each other signing profile, `NAME/release-root.pem` */
  profilesDir: z.string(),
  serverCaFile: z.string(),
  /** certificates and signed lists that devices with Secure Boot enrol */
  secureBootDir: z.string(),
  isolation: z.enum(['isolated', 'unisolated']),
  database: z.string(),
  logs: z.record(z.string(), z.string()),
});
export type Up = z.infer<typeof Up>;

export const writeUp = async (file: string, up: Up): Promise<void> => {
  await writeFile(`${file}.new`, `${JSON.stringify(up, null, 2)}\n`);
  await rename(`${file}.new`, file);
};

/** @returns undefined where there is none that can be read */
export const readUp = async (file: string): Promise<Up | undefined> => {
  try {
    return Up.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch {
    return undefined;
  }
};
