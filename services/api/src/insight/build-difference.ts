import { readFile } from 'node:fs/promises';
import { buildBefore, getBuild, getBuildRequest, type Database } from '@slipway/fleet';
import {
  SBOM_NAME,
  type Build,
  type BuildDifference,
  type BuildId,
  type BuildRequest,
} from '@slipway/protocol';
import { diffSboms, parseSbom, type Sbom } from '@slipway/sbom';
import { differenceOfFiles } from '@slipway/sbom/contents';
import type { ArtifactStore } from '../artifact-store.ts';
import type { ContentsReader } from './build-contents.ts';

type Needs = {
  readonly db: Database;
  readonly store: Pick<ArtifactStore, 'artifactPath'>;
  readonly contents: ContentsReader;
};

/**
 * @param from absent: the last build of the class before it that succeeded
 * @throws {SlipwayError} NOT_FOUND, SBOM_INVALID, CONTENTS_INVALID
 */
export const differenceOfBuilds = async (
  { db, store, contents }: Needs,
  id: BuildId,
  from: BuildId | undefined,
): Promise<BuildDifference> => {
  const to = await getBuild(db, id);
  const base = await (from === undefined ? buildBefore(db, to) : getBuild(db, from));
  const sbomOf = async (build: Build): Promise<Sbom | undefined> =>
    build.artifacts.some(({ name }) => name === SBOM_NAME)
      ? parseSbom(await readFile(store.artifactPath(build.id, SBOM_NAME)))
      : undefined;
  const [before, after, filesBefore, filesAfter, asked, askedNow] = await Promise.all([
    sbomOf(base),
    sbomOf(to),
    contents.find(base),
    contents.find(to),
    getBuildRequest(db, base.id),
    getBuildRequest(db, to.id),
  ]);
  return {
    from: nameOf(base),
    to: nameOf(to),
    ...(before === undefined || after === undefined
      ? { packages: null, components: null }
      : differenceOfSboms(before, after)),
    files:
      filesBefore === undefined || filesAfter === undefined
        ? null
        : differenceOfFiles(filesBefore, filesAfter),
    configuration: differenceOfTexts(asked.request, askedNow.request),
    artifacts: differenceOfArtifacts(base.artifacts, to.artifacts),
  };
};

const nameOf = ({ id, deviceClass, version, createdAt }: Build): BuildDifference['from'] => ({
  id,
  deviceClass,
  version,
  createdAt,
});

const differenceOfSboms = (before: Sbom, after: Sbom): Pick<BuildDifference, 'packages' | 'components'> => {
  const { added, removed, versions, components } = diffSboms(before, after);
  const placed = ({ type, name, version, components: held }: (typeof added)[number]) => ({
    type,
    name,
    version,
    components: [...held],
  });
  return {
    packages: { added: added.map(placed), removed: removed.map(placed), changed: [...versions] },
    components: {
      added: [...components.added],
      removed: [...components.removed],
      changed: [...components.changed],
    },
  };
};

const textsOf = (request: BuildRequest | null): ReadonlyMap<string, string> =>
  new Map(
    request === null
      ? []
      : [request.classFile, ...request.imageFiles].map(({ name, text }) => [name, text] as const),
  );

const differenceOfTexts = (
  before: BuildRequest | null,
  after: BuildRequest | null,
): BuildDifference['configuration'] => {
  const [old, now] = [textsOf(before), textsOf(after)];
  return [...new Set([...old.keys(), ...now.keys()])]
    .map((name) => ({ name, from: old.get(name) ?? null, to: now.get(name) ?? null }))
    .filter(({ from, to }) => from !== to);
};

const differenceOfArtifacts = (
  before: Build['artifacts'],
  after: Build['artifacts'],
): BuildDifference['artifacts'] => {
  const names = new Set([...before, ...after].map(({ name }) => name));
  return [...names].map((name) => {
    const [old, now] = [before, after].map((all) => all.find((one) => one.name === name));
    return { name, from: old?.size ?? null, to: now?.size ?? null, same: old?.digest === now?.digest };
  });
};
