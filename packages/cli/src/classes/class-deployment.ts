import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { BuildOptions } from '@slipway/image';
import type { ClassFile } from '@slipway/image-spec';
import { AGENT_RUNTIMES, messageOf, SlipwayError, type BuildRequest } from '@slipway/protocol';
import { instanceHere, type Where } from '../context.ts';
import { rootOfInstance } from '../release-root.ts';
import type { ClassOptions } from './class-options.ts';

/** What an agent needs in an image. */
export type AgentParts = {
  /**
   * The server of a class and whom its devices trust; undefined: no server is known.
   *
   * @throws {SlipwayError} SIGNING_PROFILE_UNKNOWN
   */
  readonly deploymentOf: (
    deviceClass: Pick<ClassFile, 'signing' | 'alsoTrusts'>,
  ) => Promise<BuildRequest['deployment'] | undefined>;
  readonly agentBundles: NonNullable<BuildOptions['agentBundles']>;
};

const readPem = async ({ cwd }: Pick<Where, 'cwd'>, file: string): Promise<string> =>
  readFile(resolve(cwd, file), 'utf8').catch((cause: unknown) => {
    throw new SlipwayError('NOT_FOUND', `${file} cannot be read: ${messageOf(cause)}`, { cause });
  });

const readAgents = async (folder: string): Promise<AgentParts['agentBundles']> => {
  const names = await readdir(folder).catch((cause: unknown) => {
    throw new SlipwayError('NOT_FOUND', `the folder of the agent, ${folder}, cannot be read`, { cause });
  });
  const found = AGENT_RUNTIMES.filter((runtime) => names.includes(`${runtime}.mjs`));
  return Object.fromEntries(
    await Promise.all(
      found.map(async (runtime) => [runtime, await readFile(join(folder, `${runtime}.mjs`))] as const),
    ),
  );
};

/**
 * The agent, and the server that its devices belong to: as named, or of the instance that runs here. Named, the release root is
 * that of every class; of the instance it is that of the signing profile of each.
 *
 * @throws {SlipwayError} USAGE if a server is named by halves, NOT_FOUND
 */
export const agentParts = async (
  context: Where,
  options: Pick<ClassOptions, 'agent' | 'enrolUrl' | 'serverCa' | 'releaseRoot'>,
): Promise<AgentParts> => {
  const named = [options.enrolUrl, options.serverCa, options.releaseRoot];
  const isNamed = named.some((value) => value !== undefined);
  if (isNamed && named.includes(undefined))
    throw new SlipwayError(
      'USAGE',
      '--enrol-url, --server-ca and --release-root are all of one server: name all three, or none.',
    );
  const here = await instanceHere(context);
  const enrolUrl = options.enrolUrl ?? here?.enrolUrl;
  const serverCa = options.serverCa ?? here?.serverCaFile;
  const { releaseRoot } = options;
  const isKnown = releaseRoot !== undefined || here?.releaseRootFile !== undefined;
  const rootOf = async ({
    signing,
    alsoTrusts,
  }: Pick<ClassFile, 'signing' | 'alsoTrusts'>): Promise<string> => {
    if (releaseRoot !== undefined) return readPem(context, releaseRoot);
    const names = [...new Set([signing, ...alsoTrusts])];
    return (await Promise.all(names.map((name) => rootOfInstance(here ?? {}, name)))).join('');
  };
  const folder =
    options.agent ??
    context.env['SLIPWAY_AGENT_BUNDLES'] ??
    (here?.dataDir === undefined ? undefined : join(here.dataDir, 'agent'));
  return {
    deploymentOf: async (deviceClass) =>
      enrolUrl === undefined || serverCa === undefined || !isKnown
        ? undefined
        : {
            enrolUrl,
            serverCa: await readPem(context, serverCa),
            releaseRoot: await rootOf(deviceClass),
          },
    agentBundles: folder === undefined ? {} : await readAgents(resolve(context.cwd, folder)),
  };
};
