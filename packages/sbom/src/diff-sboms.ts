import type { FoundPackage } from './found-package.ts';
import { listPackages, type ListedPackage } from './normalise.ts';
import { pairPackages } from './versions/pair.ts';
import type { Sbom } from './sbom.ts';

export type PackageName = Pick<FoundPackage, 'type' | 'name'>;
export type Placed = PackageName & {
  readonly version: string;
  readonly licenses: readonly string[];
  readonly components: readonly string[];
};

export type SbomDiff = {
  readonly components: {
    readonly added: readonly string[];
    readonly removed: readonly string[];
    /** what an image file names alike, with another tag or other content */
    readonly changed: readonly { readonly name: string; readonly from: string; readonly to: string }[];
  };
  readonly added: readonly Placed[];
  readonly removed: readonly Placed[];
  readonly versions: readonly (PackageName & { readonly from: string; readonly to: string })[];
  readonly licenses: readonly (PackageName & {
    readonly version: string;
    readonly from: readonly string[];
    readonly to: readonly string[];
  })[];
  /** between components, by their names without tags */
  readonly moved: readonly (PackageName & {
    readonly version: string;
    readonly from: readonly string[];
    readonly to: readonly string[];
  })[];
};

/** A reference without what changes with every version: `docker.io/linuxkit/runc:v1@sha256:…` is `docker.io/linuxkit/runc`. */
export const componentName = (ref: string): string => {
  const [, scheme = '', rest = ref] = /^((?:deb|oci|oci-archive|docker-archive):)?(.*)$/s.exec(ref) ?? [];
  return scheme === 'deb:'
    ? ref
    : `${scheme}${rest.replace(/@sha256:[0-9a-f]{64}$/, '').replace(/:[^:/]*$/, '')}`;
};

const placed = ({ type, name, version, licenses, components }: ListedPackage): Placed => ({
  type,
  name,
  version,
  licenses,
  components,
});

const same = (a: readonly string[], b: readonly string[]): boolean => a.join('\n') === b.join('\n');

type Side = ReturnType<typeof listPackages>;

const diffComponents = (a: Side, b: Side): SbomDiff['components'] => {
  const byName = (side: Side) => new Map(side.components.map((one) => [componentName(one.ref), one]));
  const [before, after] = [byName(a), byName(b)];
  // Two of one name, such as two tags of one image, are compared by their full references.
  const unique = before.size === a.components.length && after.size === b.components.length;
  const [left, right] = unique
    ? [before, after]
    : [
        new Map(a.components.map((one) => [one.ref, one])),
        new Map(b.components.map((one) => [one.ref, one])),
      ];
  const shown = ({ ref, digest }: Side['components'][number]): string =>
    digest === undefined || ref.includes('@') ? ref : `${ref}@${digest}`;
  return {
    added: [...right].flatMap(([name, one]) => (left.has(name) ? [] : [one.ref])),
    removed: [...left].flatMap(([name, one]) => (right.has(name) ? [] : [one.ref])),
    changed: [...left].flatMap(([name, one]) => {
      const other = right.get(name);
      if (other === undefined || (other.ref === one.ref && other.digest === one.digest)) return [];
      return [{ name, from: shown(one), to: shown(other) }];
    }),
  };
};

/**
 * What changed from `a` to `b`. Packages are paired by type and name (with its namespace); one that is there in several
 * versions is paired by version first.
 */
export const diffSboms = (a: Sbom, b: Sbom): SbomDiff => {
  const [left, right] = [listPackages(a), listPackages(b)];
  const { added, removed, pairs } = pairPackages(left.packages, right.packages);
  const diff = {
    components: diffComponents(left, right),
    added: added.map(placed),
    removed: removed.map(placed),
    versions: [] as SbomDiff['versions'][number][],
    licenses: [] as SbomDiff['licenses'][number][],
    moved: [] as SbomDiff['moved'][number][],
  };
  const places = (item: ListedPackage): string[] => [...new Set(item.components.map(componentName))].sort();
  for (const [from, to] of pairs) {
    const { type, name, version } = to;
    if (from.version !== to.version) diff.versions.push({ type, name, from: from.version, to: to.version });
    if (!same(from.licenses, to.licenses))
      diff.licenses.push({ type, name, version, from: from.licenses, to: to.licenses });
    if (!same(places(from), places(to)))
      diff.moved.push({ type, name, version, from: places(from), to: places(to) });
  }
  return diff;
};

export const isSame = (diff: SbomDiff): boolean =>
  [diff.components.added, diff.components.removed, diff.components.changed].every(
    (list) => list.length === 0,
  ) &&
  [diff.added, diff.removed, diff.versions, diff.licenses, diff.moved].every((list) => list.length === 0);
