import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { BuildOptions } from '@slipway/image';
import { AGENT_RUNTIMES, messageOf, SlipwayError, type BuildRequest } from '@slipway/protocol';
import { instanceHere, type Context } from '../context.ts';
import type { ClassOptions } from './class-options.ts';

/** What an agent needs in an image. */
export type AgentParts = {
  readonly deployment: BuildRequest['deployment'] | undefined;
  readonly agentBundles: NonNullable<BuildOptions['agentBundles']>;
};

const readPem = async ({ cwd }: Pick<Context, 'cwd'>, file: string): Promise<string> =>
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
 * The agent, and the server that its devices belong to: as named, or of the instance that runs here.
 *
 * @throws {SlipwayError} USAGE if a server is named by halves, NOT_FOUND
 */
export const agentParts = async (
  context: Context,
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
  const releaseRoot = options.releaseRoot ?? here?.releaseRootFile;
  const folder =
    options.agent ??
    context.env['SLIPWAY_AGENT_BUNDLES'] ??
    (here?.dataDir === undefined ? undefined : join(here.dataDir, 'agent'));
  return {
    deployment:
      enrolUrl === undefined || serverCa === undefined || releaseRoot === undefined
        ? undefined
        : {
            enrolUrl,
            serverCa: await readPem(context, serverCa),
            releaseRoot: await readPem(context, releaseRoot),
          },
    agentBundles: folder === undefined ? {} : await readAgents(resolve(context.cwd, folder)),
  };
};
