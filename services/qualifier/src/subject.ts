import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parseClassFile } from '@slipway/image-spec';
import {
  BuildRequest,
  BuildResult,
  Digest,
  SlipwayError,
  type Assignment,
  type BuildId,
  type ReleaseId,
  type SigningProfile,
} from '@slipway/protocol';

export type Ids = { readonly release: ReleaseId; readonly build: BuildId };

/** A release as it lies in the artifact store. */
export type Subject = {
  readonly result: BuildResult;
  readonly secureBoot: boolean;
  /** whose keys its firmware starts programs by */
  readonly signing: SigningProfile;
  readonly bundle: Assignment['bundle'];
  readonly bundleFile: string;
  /** of a new device; absent: its class makes none, or it is gone */
  readonly diskFile?: string;
};

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

const digestOf = async (path: string): Promise<Digest> => {
  const hash = createHash('sha256');
  const parts: AsyncIterable<Buffer> = createReadStream(path);
  for await (const part of parts) hash.update(part);
  return Digest.parse(`sha256:${hash.digest('hex')}`);
};

const readJson = async (path: string): Promise<unknown> => JSON.parse(await readFile(path, 'utf8'));

/** @throws {SlipwayError} NOT_FOUND where the artifacts of the release are gone */
export const readSubject = async (storeDir: string, { release, build }: Ids): Promise<Subject> => {
  const folder = join(storeDir, 'builds', build);
  const bundleFile = join(storeDir, 'bundles', `${release}.tar`);
  try {
    const result = BuildResult.parse(await readJson(join(folder, 'result.json')));
    const { classFile } = BuildRequest.parse(await readJson(join(folder, 'request.json')));
    const { secureBoot, signing } = parseClassFile(classFile.text, classFile.name);
    const { size } = await stat(bundleFile);
    const diskFile = secureBoot ? join(storeDir, 'bundles', `${release}.disk.img`) : join(folder, 'disk.img');
    return {
      result,
      secureBoot,
      signing,
      bundle: { digest: await digestOf(bundleFile), size },
      bundleFile,
      ...((await isThere(diskFile)) ? { diskFile } : {}),
    };
  } catch (cause) {
    throw new SlipwayError(
      'NOT_FOUND',
      `The artifacts of release ${release} are not in the store, or not whole. Build it anew.`,
      { cause, details: { release, build } },
    );
  }
};
