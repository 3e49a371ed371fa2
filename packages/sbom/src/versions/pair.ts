import type { PackageType } from '@slipway/protocol';
import { comparePackageVersions } from './compare.ts';

type Versioned = { readonly type: PackageType; readonly name: string; readonly version: string };
type Change = {
  readonly type: PackageType;
  readonly name: string;
  readonly from: string;
  readonly to: string;
};

const byVersion = (a: Versioned, b: Versioned): number =>
  comparePackageVersions(a.type, a.version, b.version) || (a.version < b.version ? -1 : 1);

const grouped = <P extends Versioned>(packages: readonly P[]): Map<string, P[]> => {
  const groups = new Map<string, P[]>();
  for (const item of packages) {
    const key = `${item.type}\n${item.name}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
};

/** Packages of one name: those of equal version are pairs; of the others the first goes with the first. */
const pairUp = <P extends Versioned>(before: readonly P[], after: readonly P[]) => {
  const right = [...after].sort(byVersion);
  const left: P[] = [];
  const pairs: [P, P][] = [];
  for (const item of [...before].sort(byVersion)) {
    const at = right.findIndex(({ version }) => version === item.version);
    const partner = right[at];
    if (partner === undefined) left.push(item);
    else {
      pairs.push([item, partner]);
      right.splice(at, 1);
    }
  }
  const others = Math.min(left.length, right.length);
  for (const [index, item] of left.slice(0, others).entries()) {
    const partner = right[index];
    if (partner !== undefined) pairs.push([item, partner]);
  }
  return { pairs, removed: left.slice(others), added: right.slice(others) };
};

/**
 * Which packages of two images belong together, by type and name (with its namespace); one that is there in several
 * versions by version first.
 *
 * @returns in the order of type and name
 */
export const pairPackages = <P extends Versioned>(before: readonly P[], after: readonly P[]) => {
  const [left, right] = [grouped(before), grouped(after)];
  const all = [...new Set([...left.keys(), ...right.keys()])]
    .sort()
    .map((key) => pairUp(left.get(key) ?? [], right.get(key) ?? []));
  return {
    pairs: all.flatMap(({ pairs }) => pairs),
    removed: all.flatMap(({ removed }) => removed),
    added: all.flatMap(({ added }) => added),
  };
};

/** What came, what went, and what is another version now: newer or older by the order of its ecosystem. */
export const diffPackages = <P extends Versioned>(before: readonly P[], after: readonly P[]) => {
  const { pairs, removed, added } = pairPackages(before, after);
  const upgraded: Change[] = [];
  const downgraded: Change[] = [];
  for (const [{ type, name, version: from }, { version: to }] of pairs) {
    if (from === to) continue;
    // Versions that only differ in how they are written take no way back.
    const isOlder = comparePackageVersions(type, to, from) < 0;
    (isOlder ? downgraded : upgraded).push({ type, name, from, to });
  }
  return { added, removed, upgraded, downgraded };
};
