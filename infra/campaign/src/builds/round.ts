import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@slipway/client';
import { BuildResult, ClassName, codeOf, isBuildOver, type Build, type BuildId } from '@slipway/protocol';
import { z } from 'zod';
import type { BuildGround } from './ground.ts';
import { SMALL_CLASSES } from './small-images.ts';

/** What a client does whose server may be away: it asks again, for the very same. */
export const insist = async <T>(ask: () => Promise<T>): Promise<T> => {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      // The client tells so of a server that does not answer.
      if (codeOf(error) !== 'INTERNAL') throw error;
      await delay(200);
    }
  }
};

/** Asks for builds of all classes at once; asking again for one makes no second. */
export const askForBuilds = async (client: Client, round: number, count: number): Promise<BuildId[]> => {
  const asked = Array.from({ length: count }, (_, at) => ({
    deviceClass: ClassName.parse(SMALL_CLASSES[at % SMALL_CLASSES.length]),
    version: `${round}.0.${Math.floor(at / SMALL_CLASSES.length)}`,
  }));
  return Promise.all(asked.map(async (build) => (await insist(() => client.builds.create(build))).id));
};

export const untilOver = async (client: Client, ids: readonly BuildId[]): Promise<Build[]> => {
  for (;;) {
    const builds = await Promise.all(ids.map((id) => insist(() => client.builds.get(id))));
    if (builds.every(isBuildOver)) return builds;
    await delay(300);
  }
};

const SigningLine = z.object({
  build: z.string(),
  release: z.string(),
  deviceClass: z.string(),
  counter: z.int(),
});

export type Verdict = {
  readonly builds: number;
  readonly succeeded: number;
  /** attempts beyond the first of each build: work that a kill has cost */
  readonly again: number;
  /** what was asked for and did not end in a release */
  readonly lost: readonly string[];
  /** what happened twice: builds, releases, signatures, counters */
  readonly doubled: readonly string[];
  /** artifacts that are not what was recorded of them */
  readonly broken: readonly string[];
};

const twice = (what: string, values: readonly string[]): string[] =>
  [...new Set(values.filter((value, at) => values.indexOf(value) !== at))].map((value) => `${what} ${value}`);

const brokenArtifacts = async (storeDir: string, build: Build): Promise<string[]> => {
  const folder = join(storeDir, 'builds', build.id);
  const declared = BuildResult.parse(JSON.parse(await readFile(join(folder, 'result.json'), 'utf8')));
  const recorded = build.artifacts.map(({ name, size, digest }) => ({ name, size, digest }));
  if (JSON.stringify(declared.artifacts) !== JSON.stringify(recorded))
    return [`${build.id} has other artifacts in result.json than on record`];
  const broken: string[] = [];
  for (const { name, digest } of build.artifacts) {
    const bytes = await readFile(join(folder, name)).catch(() => Buffer.alloc(0));
    if (`sha256:${createHash('sha256').update(bytes).digest('hex')}` !== digest)
      broken.push(`${build.id}/${name}`);
  }
  return broken;
};

/** Compares what was asked for with what there is: in the API, in the store, in the signer's log. */
export const judge = async (
  ground: Pick<BuildGround, 'client' | 'storeDir' | 'signingLog'>,
  asked: readonly BuildId[],
  builds: readonly Build[],
): Promise<Verdict> => {
  const { client, storeDir, signingLog } = ground;
  const everyBuild = await insist(() => client.builds.list().all());
  const releases = await insist(() => client.releases.list().all());
  const mine = releases.filter(({ build }) => asked.includes(build));
  const signed = (await readFile(signingLog, 'utf8').catch(() => ''))
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => SigningLine.parse(JSON.parse(line)));
  const succeeded = builds.filter(({ state }) => state === 'succeeded');
  const released = new Set(mine.map(({ build }) => build));
  const known = new Set<string>(asked);
  return {
    builds: asked.length,
    succeeded: succeeded.length,
    again: builds.reduce((sum, { attempts }) => sum + Math.max(0, attempts - 1), 0),
    lost: builds
      .filter(({ id, state }) => state !== 'succeeded' || !released.has(id))
      .map(({ id, state, code, message }) => `${id} ${state} ${code ?? ''} ${message ?? ''}`),
    doubled: [
      ...twice('asked for and answered with', asked),
      ...twice(
        'version',
        everyBuild.map(({ deviceClass, version }) => `${deviceClass} ${version}`),
      ),
      ...twice(
        'counter',
        everyBuild.map(({ deviceClass, counter }) => `${deviceClass} ${counter}`),
      ),
      ...twice(
        'release of',
        mine.map(({ build }) => build),
      ),
      ...twice(
        'signature of',
        signed.filter(({ build }) => known.has(build)).map(({ build }) => build),
      ),
      ...twice(
        'signed counter',
        signed.map(({ deviceClass, counter }) => `${deviceClass} ${counter}`),
      ),
    ],
    broken: (await Promise.all(succeeded.map((build) => brokenArtifacts(storeDir, build)))).flat(),
  };
};
