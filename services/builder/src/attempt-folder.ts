import { mkdir, open, readdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ArtifactName, BuildResult, type Digest, systemError } from '@slipway/protocol';

/**
 * How one attempt of a build becomes its result, and no other does.
 *
 * Each attempt works in a folder of its own, `attempts/{name}`. Once all is in it, `result.json` too, it is renamed to
 * `won`, which the file system lets one of them do: a folder that is not empty is not replaced. Files then move from `won` to
 * where others look for them, `result.json` last; whoever finds a `won` that was not emptied, because a worker died,
 * goes on with it. So a worker that was held up for an hour and comes back publishes nothing over what another has.
 */
const ATTEMPTS = 'attempts';
const WON = 'won';
/** Stays in `won`, so that it is never empty. */
const MARK = 'attempt.json';

const absent = (error: unknown): undefined => {
  if (systemError(error, ['ENOENT']) === undefined) throw error;
};

const syncFile = async (path: string): Promise<void> => {
  await using file = await open(path, 'r');
  await file.sync();
};

/** Moves what `won` holds to its places; any number of workers may do so at once. */
const moveOut = async (folder: string): Promise<void> => {
  for (const name of [...ArtifactName.options, 'result.json'])
    await rename(join(folder, WON, name), join(folder, name)).catch(absent);
  await syncFile(folder);
};

/** @returns the result of the attempt that won, if one has, and if it is of this very request */
export const earlierResult = async (folder: string, request: Digest): Promise<BuildResult | undefined> => {
  await moveOut(folder);
  const text = await readFile(join(folder, 'result.json'), 'utf8').catch(absent);
  if (text === undefined) return undefined;
  const result = BuildResult.safeParse(JSON.parse(text));
  return result.success && result.data.request === request ? result.data : undefined;
};

/** A new folder for an attempt; those of others are taken away, so that who is still in one cannot finish. */
export const openAttempt = async (folder: string, name: string): Promise<string> => {
  const attempts = join(folder, ATTEMPTS);
  await mkdir(attempts, { recursive: true });
  for (const other of await readdir(attempts)) {
    // Under another name first: a folder that is half removed must not win.
    const dead = other.startsWith('.dead-') ? other : `.dead-${other}`;
    await rename(join(attempts, other), join(attempts, dead)).catch(absent);
    await rm(join(attempts, dead), { recursive: true, force: true });
  }
  const own = join(attempts, name);
  await mkdir(own);
  return own;
};

/** @returns the result of whichever attempt has won */
export const publishAttempt = async (
  folder: string,
  own: string,
  result: BuildResult,
): Promise<BuildResult> => {
  await writeFile(join(own, MARK), `${JSON.stringify({ v: 1, build: result.build })}\n`);
  await writeFile(join(own, 'result.json'), `${JSON.stringify(result, null, 2)}\n`);
  for (const { name } of result.artifacts) await syncFile(join(own, name));
  await syncFile(join(own, 'result.json'));
  await rename(own, join(folder, WON)).catch((error: unknown) => {
    if (systemError(error, ['ENOTEMPTY', 'EEXIST']) === undefined) throw error;
  });
  await moveOut(folder);
  return BuildResult.parse(JSON.parse(await readFile(join(folder, 'result.json'), 'utf8')));
};

/** What an attempt left that did not win. */
export const closeAttempt = async (folder: string, own: string): Promise<void> => {
  await rm(own, { recursive: true, force: true });
  await rmdir(join(folder, ATTEMPTS)).catch(() => undefined);
};
