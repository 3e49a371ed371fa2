import { createHash } from 'node:crypto';
import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseClassFile, type ClassTexts } from '@slipway/image-spec';
import {
  BuildRequest,
  Digest,
  explainStorage,
  SlipwayError,
  systemError,
  type BuildResult,
} from '@slipway/protocol';
import { buildImage, type BuildOptions } from './build.ts';
import { ownFolder } from './outputs/staging.ts';

export type ClassBuildOptions = Pick<
  BuildOptions,
  'sourceDir' | 'cacheDir' | 'agentBundles' | 'dockerfileBuilds' | 'progress' | 'log' | 'shared' | 'offline'
> & {
  readonly texts: ClassTexts;
  /** gets a folder by the name of the class */
  readonly outDir: string;
  readonly version: string;
  /** seconds since 1970: of every generated file, and before it no device believes to be */
  readonly time: number;
  /** where devices enrol and whom they trust; absent: the image has no agent */
  readonly deployment?: BuildRequest['deployment'] | undefined;
  /** rises with every release of the class: devices take none below the one they have; default 1 */
  readonly counter?: number | undefined;
  /** adds outputs to the folder before it gets to its place */
  readonly complete?: ((folder: string, result: BuildResult) => Promise<void>) | undefined;
};

export type ClassBuild = { readonly folder: string; readonly result: BuildResult };

const RESULT = 'result.json';
const NO_DEPLOYMENT = { enrolUrl: 'https://server.invalid', serverCa: '', releaseRoot: '' };

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Names of build and release are taken from what is built: the same class gives the same bytes. */
const requestOf = ({
  texts,
  version,
  time,
  deployment = NO_DEPLOYMENT,
  counter = 1,
}: ClassBuildOptions): BuildRequest => {
  const { classFile, imageFiles, variables = {} } = texts;
  const isGiven = Object.keys(variables).length > 0;
  const { name } = parseClassFile(classFile.text, classFile.name);
  const id = sha256(
    JSON.stringify([
      classFile,
      imageFiles,
      version,
      time,
      deployment,
      ...(counter === 1 ? [] : [counter]),
      ...(isGiven ? [variables] : []),
    ]),
  ).slice(0, 16);
  return BuildRequest.parse({
    v: 1,
    build: `bld_${id}`,
    release: `rel_${id}`,
    version,
    counter,
    deviceClass: name,
    timeFloor: time,
    classFile,
    imageFiles,
    ...(isGiven ? { variables } : {}),
    deployment,
  });
};

/** What is in the way must be the outputs of a build: they are replaced as a whole. */
const assertOurs = async (folder: string): Promise<void> => {
  const names = await readdir(folder).catch((error: unknown): string[] => {
    if (systemError(error, ['ENOENT']) === undefined) throw error;
    return [];
  });
  if (names.length > 0 && !names.includes(RESULT))
    throw new SlipwayError(
      'NOT_WRITABLE',
      `expected ${folder} to be a folder of outputs, found one without ${RESULT}; move it away, or choose another folder by --dir`,
      { details: { path: folder } },
    );
};

/** A whole folder for another: at no time is there half of one. */
const replaceFolder = async (fresh: string, place: string, scratch: string): Promise<void> => {
  const old = join(scratch, 'old');
  await rename(place, old).catch((error: unknown) => {
    if (systemError(error, ['ENOENT']) === undefined) throw error;
  });
  try {
    await rename(fresh, place);
  } catch (error) {
    await rename(old, place).catch(() => undefined);
    throw error;
  }
};

/**
 * Builds the image of a device class as a server does, hardened and for two slots, into the folder `outDir/CLASS`: all of
 * its outputs, in place of those of the build before, or nothing.
 *
 * @throws {SlipwayError} as `buildImage`, NOT_WRITABLE, DISK_FULL
 */
export const buildClass = async (options: ClassBuildOptions): Promise<ClassBuild> => {
  const { outDir, cacheDir } = options;
  const request = requestOf(options);
  const folder = join(outDir, request.deviceClass);
  let scratch: string | undefined;
  try {
    await assertOurs(folder);
    scratch = await ownFolder(outDir, '.slipway-build-');
    const fresh = join(scratch, 'outputs');
    await mkdir(fresh);
    const result = await buildImage({
      ...options,
      request,
      requestDigest: Digest.parse(`sha256:${sha256(JSON.stringify(request))}`),
      workDir: join(scratch, 'work'),
      outDir: fresh,
      builder: 'local',
      keepsRoot: true,
    });
    await writeFile(join(fresh, RESULT), `${JSON.stringify(result, null, 2)}\n`);
    await options.complete?.(fresh, result);
    await replaceFolder(fresh, folder, scratch);
    return { folder, result };
  } catch (error) {
    throw explainStorage(error, [outDir, cacheDir]);
  } finally {
    if (scratch !== undefined) await rm(scratch, { recursive: true, force: true });
  }
};

/** When the newest of some files was changed, in seconds; those that are not there do not count. */
export const newestOf = async (paths: readonly string[]): Promise<number> => {
  const times = await Promise.all(
    paths.map(async (path) => (await stat(path).catch(() => undefined))?.mtimeMs ?? 0),
  );
  return Math.floor(Math.max(0, ...times) / 1000);
};
