import { readFile } from 'node:fs/promises';
import { buildBefore, getBuild, getBuildRequest, type Database } from '@slipway/fleet';
import {
  MAX_CHANGED_FILES,
  SBOM_NAME,
  type Build,
  type BuildDifference,
  type BuildId,
  type BuildRequest,
} from '@slipway/protocol';
import { diffSboms, parseSbom, type Sbom } from '@slipway/sbom';
import type { ArtifactStore } from '../artifact-store.ts';
import type { ContentsReader } from './build-contents.ts';
import { filesOf, type TreeNode } from './contents-tree.ts';

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

/** Whether a device would find the same there. */
const isSame = (a: TreeNode, b: TreeNode): boolean =>
  a.type === b.type && a.mode === b.mode && a.digest === b.digest && a.target === b.target;

export const differenceOfFiles = (
  before: TreeNode,
  after: TreeNode,
): NonNullable<BuildDifference['files']> => {
  const [old, now] = [filesOf(before), filesOf(after)];
  type Entry = NonNullable<BuildDifference['files']>['entries'][number];
  const entries: Entry[] = [];
  for (const [path, node] of now) {
    const other = old.get(path);
    if (other !== undefined && isSame(other, node)) continue;
    const change = other === undefined ? 'added' : 'changed';
    entries.push({ path, change, from: other?.size ?? null, to: node.size, component: node.component });
  }
  for (const [path, { size, component }] of old)
    if (!now.has(path)) entries.push({ path, change: 'removed', from: size, to: null, component });
  const count = (change: Entry['change']): number => entries.filter((one) => one.change === change).length;
  const moved = ({ from, to }: Entry): number => Math.abs((to ?? 0) - (from ?? 0));
  return {
    added: count('added'),
    removed: count('removed'),
    changed: count('changed'),
    size: { from: before.size, to: after.size },
    entries: entries
      .sort((a, b) => moved(b) - moved(a) || (a.path < b.path ? -1 : 1))
      .slice(0, MAX_CHANGED_FILES),
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
