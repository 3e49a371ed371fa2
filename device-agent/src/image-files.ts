import {
  AgentConfig as AgentSettings,
  HealthGates,
  ReleaseFile,
  RootHash,
  SlipwayError,
} from '@slipway/protocol';
import type { z } from 'zod';
import type { AgentConfig } from './config.ts';
import { parseJson } from './install/stored-manifest.ts';
import type { Runtime } from './runtime/port.ts';

/** What the image says to its agent. */
export type ImageFiles = {
  readonly settings: AgentSettings;
  readonly release: ReleaseFile;
  readonly gates: HealthGates;
  /** PEM */
  readonly serverCa: string;
  readonly rootHash: RootHash;
  readonly bootId: string;
};

const read = async (runtime: Runtime, path: string): Promise<Uint8Array> => {
  const bytes = await runtime.files.read(path);
  if (bytes !== undefined) return bytes;
  throw new SlipwayError('CONFIG_INVALID', `${path} is missing; the image is incomplete.`);
};

const readJson = async <T>(runtime: Runtime, path: string, schema: z.ZodType<T>): Promise<T> => {
  const parsed = schema.safeParse(parseJson(await read(runtime, path)));
  if (parsed.success) return parsed.data;
  throw new SlipwayError(
    'CONFIG_INVALID',
    `${path}: ${parsed.error.issues[0]?.message ?? 'wrong'}; build the image again.`,
  );
};

/** @throws {SlipwayError} CONFIG_INVALID */
export const readImageFiles = async (runtime: Runtime, config: AgentConfig): Promise<ImageFiles> => {
  const text = async (path: string): Promise<string> =>
    new TextDecoder().decode(await read(runtime, path)).trim();
  const commandLine = await text(`${config.procDir}/cmdline`);
  const rootHash = RootHash.safeParse(/(?:^|\s)slipway\.roothash=(\S+)/.exec(commandLine)?.[1]);
  if (!rootHash.success) {
    throw new SlipwayError(
      'CONFIG_INVALID',
      `kernel command line: expected slipway.roothash=<64 hex digits>, found ${commandLine}.`,
    );
  }
  return {
    settings: await readJson(runtime, `${config.etcDir}/agent.json`, AgentSettings),
    release: await readJson(runtime, `${config.etcDir}/release.json`, ReleaseFile),
    gates: await readJson(runtime, `${config.etcDir}/health.json`, HealthGates),
    serverCa: await text(`${config.etcDir}/trust/server-ca.pem`),
    rootHash: rootHash.data,
    bootId: await text(`${config.procDir}/sys/kernel/random/boot_id`),
  };
};
